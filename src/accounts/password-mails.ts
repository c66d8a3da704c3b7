import type { Mail } from '../platform/mail.ts';
import { writeLetter, type LetterWords } from './letter.ts';
import type { ProfileLanguage } from './user-models.ts';

interface Recipient {
  readonly to: string;
  readonly link: string;
  readonly language: ProfileLanguage;
}

const FORGOTTEN: Readonly<Record<ProfileLanguage, (minutes: number) => LetterWords>> = {
  en: (minutes) => ({
    subject: 'A new password for AIlingva',
    before:
      'Somebody, most likely you, has forgotten the password of your AIlingva account. Open this link to choose one:',
    button: 'Choose a new password',
    after:
      `The link works once, within ${minutes} minutes, and only if it is the newest one. ` +
      'If it was not you, do nothing: your password stays as it is.',
  }),
  ru: (minutes) => ({
    subject: 'Новый пароль для AIlingva',
    before: 'Кто-то, скорее всего вы, забыл пароль от вашего аккаунта AIlingva. Откройте ссылку, чтобы задать новый:',
    button: 'Задать новый пароль',
    after:
      `Ссылка действует один раз, в течение ${minutes} мин., и только самая последняя. ` +
      'Если это были не вы, ничего не делайте: пароль останется прежним.',
  }),
};

const CHANGED: Readonly<Record<ProfileLanguage, LetterWords>> = {
  en: {
    subject: 'Your AIlingva password was changed',
    before:
      'The password of your AIlingva account was changed just now by a link from a letter to this address, and every ' +
      'device was signed out. If it was you, there is nothing to do. If it was not, choose another password at once, ' +
      'and see who else can read your mail:',
    button: 'Choose another password',
    after: 'We never ask for your password in a letter.',
  },
  ru: {
    subject: 'Пароль от AIlingva изменён',
    before:
      'Пароль от вашего аккаунта AIlingva только что изменили по ссылке из письма на этот адрес; на всех устройствах ' +
      'выполнен выход. Если это были вы, ничего делать не нужно. Если нет, сразу задайте другой пароль и проверьте, ' +
      'кто ещё читает вашу почту:',
    button: 'Задать другой пароль',
    after: 'Мы никогда не спрашиваем пароль в письмах.',
  },
};

/** The letter with the link to a new password. */
export function passwordForgottenMail({
  lifetimeMinutes,
  ...recipient
}: Recipient & { readonly lifetimeMinutes: number }): Mail {
  return writeLetter({ ...recipient, words: FORGOTTEN[recipient.language](lifetimeMinutes) });
}

/** Tells the owner; its link leads to where another link is asked for. */
export function passwordChangedMail(recipient: Recipient): Mail {
  return writeLetter({ ...recipient, words: CHANGED[recipient.language] });
}
