import { sameWords } from './endpointing.ts';

/** What the learner has said and nobody has answered yet. Times are on the monotonic clock. */
export interface UnansweredWords {
  readonly finals: readonly string[];
  readonly partial: string;
  /** When the transcript last changed. */
  readonly changedAtMs: number;
  /** Utterances that have begun and whose final has not come. */
  readonly finalsDue: number;
  /** When the engine closed an utterance by itself, in the stretch of voice under way. */
  readonly closedAtMs: number | undefined;
  /** When the engine said that the learner has finished. */
  readonly endedAtMs: number | undefined;
  /** How long the learner's voice lasted in this turn so far. */
  readonly voicedMs: number;
  /** The engine hears words where the detector hears no voice: the words are the only clock. */
  readonly unvoiced: boolean;
  /** The voice was taken for noise while it lasted: without words it is nothing. */
  readonly dismissed: boolean;
  /** The voice was over well before the tutor was: without words of their own it was a backchannel. */
  readonly underTutor: boolean;
}

export const noWords: UnansweredWords = {
  finals: [],
  partial: '',
  changedAtMs: 0,
  finalsDue: 0,
  closedAtMs: undefined,
  endedAtMs: undefined,
  voicedMs: 0,
  unvoiced: false,
  dismissed: false,
  underTutor: false,
};

/** Voice after the engine's own final, or after its word that the learner has finished, which says that there is more. */
const MORE_VOICE_MS = 300;

/** The text of the words nobody has answered yet, a partial included. */
export function unansweredText(words: UnansweredWords): string {
  return [...words.finals, words.partial].filter((part) => part !== '').join(' ');
}

export function hasTurn(words: UnansweredWords): boolean {
  return words.finalsDue > 0 || words.voicedMs > 0 || unansweredText(words) !== '';
}

export function voiceBegins(words: UnansweredWords): UnansweredWords {
  return {
    ...words,
    finalsDue: words.finalsDue + 1,
    closedAtMs: undefined,
    endedAtMs: undefined,
    unvoiced: false,
    dismissed: false,
    underTutor: false,
  };
}

export function voiceEnds(
  words: UnansweredWords,
  voice: { readonly fromMs: number; readonly toMs: number; readonly dismissed: boolean },
): UnansweredWords {
  const { closedAtMs, endedAtMs, partial, finalsDue } = words;
  // An engine that closed the utterance on its last words has nothing left to say of it.
  const closed = closedAtMs !== undefined && partial === '' && voice.toMs - closedAtMs <= MORE_VOICE_MS;
  return {
    ...words,
    voicedMs: words.voicedMs + Math.max(0, voice.toMs - voice.fromMs),
    finalsDue: closed ? Math.max(0, finalsDue - 1) : finalsDue,
    closedAtMs: undefined,
    endedAtMs: endedAtMs !== undefined && voice.toMs - endedAtMs > MORE_VOICE_MS ? undefined : endedAtMs,
    dismissed: voice.dismissed,
  };
}

export function withPartial(words: UnansweredWords, text: string, atMs: number): UnansweredWords {
  if (text === words.partial) return words;
  const more = !sameWords(text, words.partial);
  return {
    ...words,
    partial: text,
    changedAtMs: more ? atMs : words.changedAtMs,
    endedAtMs: more ? undefined : words.endedAtMs,
  };
}

/** @param speaking whether the voice goes on: then another final follows this one. */
export function withFinal(words: UnansweredWords, text: string, atMs: number, speaking: boolean): UnansweredWords {
  return {
    ...words,
    finals: text === '' ? words.finals : [...words.finals, text],
    partial: '',
    changedAtMs: sameWords(text, words.partial) ? words.changedAtMs : atMs,
    finalsDue: Math.max(words.finalsDue - 1, speaking ? 1 : 0),
    closedAtMs: speaking ? atMs : undefined,
  };
}

/**
 * The learner went on with a turn that was being answered: one turn again. What was answered without its final is
 * replaced by the final when that came after all.
 */
export function joined(answered: UnansweredWords, later: UnansweredWords): UnansweredWords {
  const cameLate = answered.finalsDue > 0 && later.finals.length > 0;
  const openEnd = answered.partial === '' || cameLate ? [] : [answered.partial];
  return {
    ...later,
    finals: [...answered.finals, ...openEnd, ...later.finals],
    voicedMs: answered.voicedMs + later.voicedMs,
  };
}
