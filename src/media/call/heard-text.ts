/** One sentence of an answer and how much of its sound the learner heard. */
export interface SpokenSentence {
  readonly text: string;
  /** Length of the sound made so far; the whole sentence's when `complete`. */
  readonly soundMs: number;
  readonly complete: boolean;
  readonly playedMs: number;
  /** Where words begin in the sound, when the engine says so; ascending. */
  readonly wordStarts: readonly { readonly offset: number; readonly startMs: number }[];
}

/**
 * The words that were heard: whole sentences that were played, and of the sentence that was cut the words that had
 * begun, by the engine's word times or else by the share of characters.
 */
export function heardText(sentences: readonly SpokenSentence[]): string {
  return sentences
    .map(heardOf)
    .filter((text) => text !== '')
    .join(' ');
}

/** A sentence whose last few milliseconds were cut was heard. */
const TAIL_MS = 60;

function heardOf(sentence: SpokenSentence): string {
  const { text, soundMs, playedMs, complete, wordStarts } = sentence;
  if (playedMs <= 0) return '';
  if (complete && playedMs >= soundMs - TAIL_MS) return text;
  if (wordStarts.length > 0) return text.slice(0, offsetByWords(sentence)).trim();
  const length = expectedMs(text, complete, soundMs);
  return cutAtWord(text, Math.floor(text.length * Math.min(1, playedMs / Math.max(soundMs, length))));
}

/** Up to the last word of which at least half was played: it lasts until the next one begins. */
function offsetByWords({ text, wordStarts, complete, soundMs, playedMs }: SpokenSentence): number {
  const soundEndMs = Math.max(soundMs, expectedMs(text, complete, soundMs));
  for (const [index, { offset, startMs }] of wordStarts.entries()) {
    const next = wordStarts[index + 1];
    const endMs = Math.max(startMs, next?.startMs ?? soundEndMs);
    if (playedMs < (startMs + endMs) / 2) return offset;
  }
  return text.length;
}

/** An unfinished sentence's sound says nothing of its length: then a usual pace of speech does (about 15 characters a second). */
function expectedMs(text: string, complete: boolean, soundMs: number): number {
  return complete ? soundMs : text.length * 66;
}

/** Up to the end of the last word that was said to at least half. */
function cutAtWord(text: string, reached: number): string {
  if (reached >= text.length) return text;
  const start = text.lastIndexOf(' ', reached) + 1;
  const following = text.indexOf(' ', reached);
  const end = following === -1 ? text.length : following;
  const keep = reached - start >= (end - start) / 2 ? end : start;
  return text.slice(0, keep).trim();
}
