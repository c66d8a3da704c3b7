/** An utterance may have so many characters, and so many seconds. Source: SpeechKit's "Quotas and limits". */
const MAX_CHARACTERS = 250;
const MAX_SECONDS = 24;
/** A voice at its own pace says at least so many characters a second; most say 13 to 16. */
const SLOWEST_CHARACTERS_PER_SECOND = 11;
/** From the best place to part a sentence to the worst. */
const PLACES = [/[.!?…]["»”')\]]*\s+/gu, /[;:—–]\s+|\s[—–-]\s+/gu, /,\s+/gu, /\s+/gu];

/** The most characters that SpeechKit says in one utterance, at this rate of speech (1: the voice's own). */
export function maxCharacters(rate: number): number {
  return Math.min(MAX_CHARACTERS, Math.floor(MAX_SECONDS * SLOWEST_CHARACTERS_PER_SECOND * rate));
}

/**
 * What is to be said, without what SpeechKit would read as its markup or cannot read: `[[phonemes]]`, `<[pause]>`,
 * `**stress**`, control characters and halves of characters. Empty when there is nothing to say.
 * Source: https://yandex.cloud/en/docs/speechkit/tts/markup/tts-markup
 */
export function speakable(text: string): string {
  const clean = text
    .toWellFormed()
    .replaceAll(/\[\[|\]\]|<\[|\]>|\*+|\p{Cc}+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  return /[\p{L}\p{N}]/u.test(clean) ? clean : '';
}

/**
 * Parts a text into pieces of at most `most` UTF-16 units, at the ends of sentences where it can, then of clauses, then
 * between words; within a word only where nothing else is left, and never within a character. No character is lost but
 * the white space where it is parted.
 */
export function splitIntoPieces(text: string, most: number): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > most) {
    const end = bestEnd(rest, most);
    pieces.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  pieces.push(rest);
  return pieces.filter((piece) => piece !== '');
}

function bestEnd(text: string, most: number): number {
  // One more: the white space behind a piece of the full length.
  const window = text.slice(0, most + 1);
  for (const place of PLACES) {
    const end = lastEnd(window, place, most);
    // A piece of a few letters sounds torn: a worse place further on is better.
    if (end > most / 4) return end;
  }
  const last = text.charCodeAt(most - 1);
  return last >= 0xd800 && last <= 0xdbff ? most - 1 : most;
}

/** The end of the last match whose text, without the space behind it, fits. */
function lastEnd(window: string, place: RegExp, most: number): number {
  let end = 0;
  for (const match of window.matchAll(place)) {
    const after = match.index + match[0].length;
    if (match.index + match[0].trimEnd().length <= most) end = after;
  }
  return end;
}
