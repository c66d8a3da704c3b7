import type { Mail } from '../platform/mail.ts';
import type { ProfileLanguage } from './user-models.ts';

export interface LetterWords {
  readonly subject: string;
  readonly before: string;
  readonly button: string;
  readonly after: string;
}

/**
 * A letter around a link, as text and as HTML. Its words are ours alone: it goes to whatever address was typed, and with
 * a name in it anybody could send strangers any text from our address.
 */
export function writeLetter(letter: {
  readonly to: string;
  readonly link: string;
  readonly language: ProfileLanguage;
  readonly words: LetterWords;
}): Mail {
  const { to, link, language } = letter;
  const { subject, before, button, after } = letter.words;
  return {
    to,
    subject,
    text: `${before}\n\n${link}\n\n${after}\n`,
    html: [
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${subject}</title></head><body>`,
      `<p>${before}</p><p><a href="${escapeHtml(link)}">${button}</a></p><p>${escapeHtml(link)}</p>`,
      `<p>${after}</p></body></html>`,
    ].join('\n'),
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
