import type { Language } from '../../speech/engine.ts';
import { endpointDelayMs } from './endpointing.ts';
import type { TurnSettings } from './turn-settings.ts';

/** What turn-taking knows: the learner's floor, the tutor's floor, and the words between them. */
export interface TurnState {
  readonly language: Language;
  readonly settings: TurnSettings;
  readonly learner: LearnerFloor;
  /** What the learner has said and nobody has answered yet. */
  readonly words: UnansweredWords;
  readonly tutor: TutorFloor;
  /** When the two last did anything. */
  readonly quietSinceMs: number;
  readonly awayAsked: boolean;
  readonly nextAnswer: number;
}

export type LearnerFloor =
  | { readonly status: 'silent'; readonly sinceMs: number }
  /** `dismissed`: this stretch was taken for noise; only words can interrupt the tutor again. */
  | { readonly status: 'speaking'; readonly sinceMs: number; readonly dismissed: boolean };

export interface UnansweredWords {
  readonly finals: readonly string[];
  readonly partial: string;
  /** An utterance has begun whose final has not come yet. */
  readonly awaitingFinal: boolean;
  readonly engineSaysEnded: boolean;
  /** How long the learner's voice lasted in this turn so far. */
  readonly voicedMs: number;
}

export type TutorFloor =
  | { readonly status: 'quiet' }
  /** An answer is being made on the guess that the turn is over. Nobody hears of it unless the guess proves right. */
  | { readonly status: 'speculating'; readonly answer: number; readonly text: string }
  /** An answer is being made and cannot be heard yet. */
  | {
      readonly status: 'preparing';
      readonly answer: number;
      readonly occasion: Occasion;
      readonly answered: UnansweredWords;
    }
  | { readonly status: 'speaking'; readonly answer: number }
  /** Stopped in mid-answer: the learner may be interrupting. */
  | { readonly status: 'held'; readonly answer: number; readonly sinceMs: number };

export type Occasion = 'greeting' | 'turn' | 'away';

export type TurnEvent = { readonly atMs: number } & (
  | { readonly type: 'greet' }
  | { readonly type: 'speech_started'; readonly voicedSinceMs: number }
  | { readonly type: 'speech_stopped'; readonly silentSinceMs: number }
  | { readonly type: 'partial'; readonly text: string }
  | { readonly type: 'final'; readonly text: string }
  | { readonly type: 'end_of_utterance' }
  /** The first sound of the answer left for the learner. */
  | { readonly type: 'answer_audible'; readonly answer: number }
  /** The answer was heard to its end, or came to nothing. */
  | { readonly type: 'answer_finished'; readonly answer: number }
  /** The media was gone and is back: silence counts from now. */
  | { readonly type: 'connection_back' }
  | { readonly type: 'time_passed' }
);

export type TurnEffect =
  /** Begin to make an answer to this text, unheard. The effect `answer` with the same number releases it. */
  | { readonly type: 'speculate'; readonly answer: number; readonly text: string; readonly speechEndedMs: number }
  | { readonly type: 'drop_speculation'; readonly answer: number }
  | {
      readonly type: 'answer';
      readonly answer: number;
      readonly occasion: Occasion;
      readonly text: string;
      /** When the learner's voice ended; for latencies. */
      readonly speechEndedMs: number;
      /** How long the learner's voice lasted in the turn. */
      readonly voicedMs: number;
    }
  /** `interrupted`: it was being heard. `continued`: it was not, and the learner went on with the same turn. */
  | { readonly type: 'cancel_answer'; readonly answer: number; readonly because: 'interrupted' | 'continued' }
  | { readonly type: 'hold_answer'; readonly answer: number }
  | { readonly type: 'resume_answer'; readonly answer: number }
  | { readonly type: 'drop_words'; readonly because: 'no_words' | 'backchannel'; readonly text: string }
  | { readonly type: 'end_idle' };

export const noWords: UnansweredWords = {
  finals: [],
  partial: '',
  awaitingFinal: false,
  engineSaysEnded: false,
  voicedMs: 0,
};

export function startTurnTaking(options: {
  readonly language: Language;
  readonly settings: TurnSettings;
  readonly atMs: number;
}): TurnState {
  return {
    language: options.language,
    settings: options.settings,
    learner: { status: 'silent', sinceMs: options.atMs },
    words: noWords,
    tutor: { status: 'quiet' },
    quietSinceMs: options.atMs,
    awayAsked: false,
    nextAnswer: 0,
  };
}

/** The text of the words nobody has answered yet, a partial included. */
export function unansweredText(words: UnansweredWords): string {
  return [...words.finals, words.partial].filter((part) => part !== '').join(' ');
}

/** The first time after `afterMs` at which a rule may fire by time alone; `undefined` when none will. */
export function nextDeadlineMs(state: TurnState, afterMs: number): number | undefined {
  const { learner, tutor, words, settings } = state;
  const deadlines: number[] = [];
  if (learner.status === 'speaking' && !learner.dismissed && tutor.status !== 'quiet' && tutor.status !== 'held') {
    deadlines.push(learner.sinceMs + settings.interruptionSpeechMs);
  }
  if (tutor.status === 'speculating' && learner.status === 'silent') {
    deadlines.push(learner.sinceMs + silenceNeededMs(state));
  }
  if (tutor.status === 'held') deadlines.push(tutor.sinceMs + settings.falseInterruptionMs);
  if (tutor.status === 'quiet' && learner.status === 'silent') {
    deadlines.push(hasTurn(words) ? learner.sinceMs + silenceNeededMs(state) : awayDeadlineMs(state));
    if (isGuessable(state)) deadlines.push(learner.sinceMs + settings.speculateAfterMs);
  }
  const ahead = deadlines.filter((deadline) => deadline > afterMs);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

/** The words are all there and do not break off: it is worth beginning the answer. */
export function isGuessable(state: TurnState): boolean {
  const { words, settings } = state;
  return !words.awaitingFinal && unansweredText(words) !== '' && silenceNeededMs(state) < settings.maxEndpointDelayMs;
}

export function hasTurn(words: UnansweredWords): boolean {
  return words.awaitingFinal || words.voicedMs > 0 || unansweredText(words) !== '';
}

/** An engine whose final does not come is waited for as long as for the most unfinished turn. */
export function silenceNeededMs({ words, language, settings }: TurnState): number {
  if (words.awaitingFinal) return settings.maxEndpointDelayMs;
  return endpointDelayMs({ text: unansweredText(words), engineSaysEnded: words.engineSaysEnded }, language, settings);
}

export function awayDeadlineMs({ awayAsked, quietSinceMs, settings }: TurnState): number {
  return quietSinceMs + (awayAsked ? settings.endAfterAwayMs : settings.awayAfterMs);
}
