import type { Mail } from '../platform/mail.ts';
import { writeLetter, type LetterWords } from './letter.ts';
import type { ProfileLanguage } from './user-models.ts';

const WORDS: Readonly<Record<ProfileLanguage, (hours: number) => LetterWords>> = {
  en: (hours) => ({
    subject: 'Confirm your e-mail address',
    before: 'Somebody, most likely you, has registered with AIlingva. Open this link to confirm your e-mail address:',
    button: 'Confirm the address',
    after: `The link works once, within ${hours} hours. If it was not you, do nothing: the address stays unconfirmed.`,
  }),
  ru: (hours) => ({
    subject: 'Подтвердите адрес электронной почты',
    before:
      'Кто-то, скорее всего вы, зарегистрировался в AIlingva. Откройте ссылку, чтобы подтвердить адрес электронной почты:',
    button: 'Подтвердить адрес',
    after: `Ссылка действует один раз, в течение ${hours} ч. Если это были не вы, ничего не делайте: адрес останется неподтверждённым.`,
  }),
};

export function confirmationMail(options: {
  readonly to: string;
  readonly link: string;
  readonly language: ProfileLanguage;
  readonly lifetimeHours: number;
}): Mail {
  const { to, link, language, lifetimeHours } = options;
  return writeLetter({ to, link, language, words: WORDS[language](lifetimeHours) });
}
