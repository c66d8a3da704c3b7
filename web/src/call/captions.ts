import type { Caption, CaptionWord } from '../../../src/media/protocol.ts';

/** Puts a caption into its place by `turn`; one with the same number is replaced. Returns a new list. */
export function putCaption(captions: readonly Caption[], caption: Caption): readonly Caption[] {
  const at = captions.findLastIndex((existing) => existing.turn <= caption.turn);
  const existing = captions[at];
  if (existing?.turn === caption.turn) return captions.with(at, caption);
  return captions.toSpliced(at + 1, 0, caption);
}

/** A tutor's text in two: what has been played, and what has not (or never will be, when it was interrupted). */
export function splitHeard(caption: Pick<Caption, 'text' | 'heard_length'>): {
  readonly heard: string;
  readonly unheard: string;
} {
  const length = Math.min(Math.max(caption.heard_length ?? caption.text.length, 0), caption.text.length);
  // A space between the two belongs to what was heard: a line drawn through the rest begins at its word.
  const spaces = /^\s*/.exec(caption.text.slice(length))?.[0].length ?? 0;
  return { heard: caption.text.slice(0, length + spaces), unheard: caption.text.slice(length + spaces) };
}

/** How many of the asked words were said right; extra words were not asked. */
export function scoreWords(words: readonly Pick<CaptionWord, 'mark'>[]): {
  readonly right: number;
  readonly asked: number;
} {
  return {
    right: words.filter((word) => word.mark === 'right').length,
    asked: words.filter((word) => word.mark !== 'extra').length,
  };
}
