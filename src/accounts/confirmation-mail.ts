import type { Mail } from '../platform/mail.ts';
import type { ProfileLanguage } from './user-models.ts';

interface Words {
  readonly subject: string;
  readonly before: string;
  readonly button: string;
  readonly after: (hours: number) => string;
}

/**
 * Nothing that was typed at the registration stands in the letter: it goes to whatever address was typed there too, and
 * a name would be a way to send strangers any text from our address.
 */
const WORDS: Readonly<Record<ProfileLanguage, Words>> = {
  en: {
    subject: 'Confirm your e-mail address',
    before: 'Somebody, most likely you, has registered with AIlingva. Open this link to confirm your e-mail address:',
    button: 'Confirm the address',
    after: (hours) =>
      `The link works once, within ${hours} hours. If it was not you, do nothing: the address stays unconfirmed.`,
  },
  ru: {
    subject: 'Подтвердите адрес электронной почты',
    before:
      'Кто-то, скорее всего вы, зарегистрировался в AIlingva. Откройте ссылку, чтобы подтвердить адрес электронной почты:',
    button: 'Подтвердить адрес',
    after: (hours) =>
      `Ссылка действует один раз, в течение ${hours} ч. Если это были не вы, ничего не делайте: адрес останется неподтверждённым.`,
  },
};

export function confirmationMail(options: {
  readonly to: string;
  readonly link: string;
  readonly language: ProfileLanguage;
  readonly lifetimeHours: number;
}): Mail {
  const { to, link, language, lifetimeHours } = options;
  const { subject, before, button, after } = WORDS[language];
  return {
    to,
    subject,
    text: `${before}\n\n${link}\n\n${after(lifetimeHours)}\n`,
    html: [
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${subject}</title></head><body>`,
      `<p>${before}</p><p><a href="${escapeHtml(link)}">${button}</a></p><p>${escapeHtml(link)}</p>`,
      `<p>${after(lifetimeHours)}</p></body></html>`,
    ].join('\n'),
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
