import type { Alternative } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { TranscribedWord } from '../engine.ts';

/** Words that are settled, with times from the utterance's beginning; without `words` their times are not known. */
export interface HeardText {
  readonly text: string;
  readonly words?: readonly TranscribedWord[];
}

/** A final as it came, and what a refinement made of it. Times count from the session's beginning. */
export interface FinalResult {
  readonly index: number;
  readonly raw: Alternative;
  refined?: Alternative;
}

/** SpeechKit says that its confidence is not used yet: what it does not say counts as sure. */
const UNKNOWN_CONFIDENCE = 1;

/** @param shiftMs is added to the session's times to make them the utterance's. */
export function heardOf({ raw, refined }: FinalResult, shiftMs: number): HeardText {
  const text = (refined ?? raw).text.trim();
  if (text === '') return { text, words: [] };
  const tokens = text.split(/\s+/u);
  const source = [refined, raw].find((candidate) => candidate?.words.length === tokens.length);
  if (!source) return { text };
  const confidence = source.confidence > 0 && source.confidence <= 1 ? source.confidence : UNKNOWN_CONFIDENCE;
  return {
    text: tokens.join(' '),
    words: source.words.map(({ startTimeMs, endTimeMs }, i) => ({
      text: tokens[i] ?? '',
      startMs: Math.max(0, Math.round(startTimeMs + shiftMs)),
      endMs: Math.max(0, Math.round(endTimeMs + shiftMs)),
      confidence,
    })),
  };
}

export function joinHeard(pieces: readonly HeardText[]): HeardText {
  const said = pieces.filter(({ text }) => text !== '');
  const text = said.map((piece) => piece.text).join(' ');
  const words: TranscribedWord[] = [];
  for (const piece of said) {
    if (!piece.words) return { text };
    words.push(...piece.words);
  }
  return { text, words };
}

/**
 * Where a session may be left amid speech: what it has understood up to there, and from when on (the session's time) the
 * next session must hear again. The last word may have been cut in its middle, so it is heard again as a whole.
 */
export function cutBeforeLastWord(
  last: Alternative,
  fromMs: number,
): { readonly kept: Alternative; readonly againFromMs: number } {
  const { words } = last;
  const lastWord = words.at(-1);
  const before = words.at(-2);
  if (!lastWord) {
    // Nothing was understood, or it is not known when: what is understood is kept, and nothing is heard twice.
    const againFromMs = last.text.trim() === '' ? fromMs : Math.max(fromMs, last.endTimeMs);
    return { kept: last, againFromMs };
  }
  const kept = words.slice(0, -1);
  return {
    kept: {
      ...last,
      words: kept,
      text: kept.map(({ text }) => text).join(' '),
      endTimeMs: before?.endTimeMs ?? fromMs,
    },
    againFromMs: Math.max(fromMs, before ? (before.endTimeMs + lastWord.startTimeMs) / 2 : fromMs),
  };
}
