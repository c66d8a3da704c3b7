import type { Language } from '../../speech/engine.ts';
import { endpointDelayMs } from './endpointing.ts';
import type { TurnSettings } from './turn-settings.ts';
import { hasTurn, noWords, unansweredText, type UnansweredWords } from './unanswered-words.ts';

/** What turn-taking knows: the learner's floor, the tutor's floor, and the words between them. */
export interface TurnState {
  readonly language: Language;
  readonly settings: TurnSettings;
  readonly learner: LearnerFloor;
  readonly words: UnansweredWords;
  readonly tutor: TutorFloor;
  /** When the two last said anything. A noise is nothing said. */
  readonly quietSinceMs: number;
  readonly awayAsked: boolean;
  readonly nextAnswer: number;
  /** A turn was answered without its last final: one that comes until then is not of the next turn. */
  readonly lateFinalUntilMs: number | undefined;
  /** The last words that were put aside as a backchannel. */
  readonly aside: { readonly text: string; readonly voicedMs: number; readonly atMs: number } | undefined;
}

export type LearnerFloor =
  | { readonly status: 'silent'; readonly sinceMs: number }
  | {
      readonly status: 'speaking';
      readonly sinceMs: number;
      /** This stretch was taken for noise; only words can interrupt the tutor again. */
      readonly dismissed: boolean;
      /** The voice has paused, since then; it may be over. */
      readonly pausedSinceMs: number | undefined;
    };

export type TutorFloor =
  | { readonly status: 'quiet' }
  /** An answer is being made on the guess that the turn is over. Nobody hears of it unless the guess proves right. */
  | { readonly status: 'speculating'; readonly answer: number; readonly text: string }
  | PreparingFloor
  | SpeakingFloor
  /** Stopped, in mid-answer or before its first sound: the learner may be saying something. */
  | {
      readonly status: 'held';
      readonly answer: number;
      readonly sinceMs: number;
      readonly before: PreparingFloor | SpeakingFloor;
    };

/** An answer is being made and cannot be heard yet. */
export interface PreparingFloor {
  readonly status: 'preparing';
  readonly answer: number;
  readonly occasion: Occasion;
  readonly answered: UnansweredWords;
}

export interface SpeakingFloor {
  readonly status: 'speaking';
  readonly answer: number;
  /** How often noise has stopped it. */
  readonly falseAlarms: number;
}

export type Occasion = 'greeting' | 'turn' | 'away';

export type TurnEvent = { readonly atMs: number } & (
  | { readonly type: 'greet' }
  | { readonly type: 'speech_started'; readonly voicedSinceMs: number }
  | { readonly type: 'speech_paused' | 'speech_stopped'; readonly silentSinceMs: number }
  | { readonly type: 'speech_resumed' }
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
  /**
   * `interrupted`: the learner spoke over it. `continued`: it could not be heard yet, and the learner went on with the
   * same turn.
   */
  | {
      readonly type: 'cancel_answer';
      readonly answer: number;
      readonly because: 'interrupted' | 'continued';
      readonly voicedSinceMs: number;
    }
  /** `voicedSinceMs`: when the voice began that stops it; for latencies. */
  | { readonly type: 'hold_answer'; readonly answer: number; readonly voicedSinceMs: number }
  | { readonly type: 'resume_answer'; readonly answer: number }
  | { readonly type: 'drop_words'; readonly because: DropReason; readonly text: string }
  /** The voice goes on, and was answered: what is said from now on is another utterance. */
  | { readonly type: 'split_utterance' }
  | { readonly type: 'end_idle' };

/** `stray`: words that belong to nothing said now: a final that came too late, the tutor's own voice heard back. */
export type DropReason = 'no_words' | 'backchannel' | 'hesitation' | 'stray';

/** Nobody who has just made a sound is asked whether they are there. */
const AFTER_SOUND_MS = 3_000;

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
    lateFinalUntilMs: undefined,
    aside: undefined,
  };
}

/**
 * The first time after `afterMs` at which a rule may fire by time alone; `undefined` when none will. The rules compare
 * with these very sums: `at - since >= delay` is not the same in floating point, and a deadline would be lost.
 */
export function nextDeadlineMs(state: TurnState, afterMs: number): number | undefined {
  const ahead = deadlinesMs(state).filter((deadline) => deadline > afterMs && deadline < Number.POSITIVE_INFINITY);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function deadlinesMs(state: TurnState): readonly number[] {
  const { learner, tutor, words, settings } = state;
  switch (tutor.status) {
    case 'preparing':
    case 'speaking':
      return learner.status === 'speaking' ? [interruptionDeadlineMs(state)] : [];
    case 'held':
      return [tutor.sinceMs + settings.falseInterruptionMs];
    case 'speculating':
      return learner.status === 'speaking' ? [interruptionDeadlineMs(state), stalledMs(state)] : [endpointMs(state)];
    case 'quiet':
      if (learner.status === 'speaking') return [stalledMs(state), awayMs(state), guessMs(state)];
      return hasTurn(words) ? [endpointMs(state), guessMs(state)] : [awayMs(state)];
    default:
      return tutor satisfies never;
  }
}

/** When the learner's voice, if it lasts, stops the tutor. */
export function interruptionDeadlineMs({ learner, settings }: TurnState): number {
  return learner.sinceMs + settings.interruptionSpeechMs;
}

/** When the silence makes the words a turn. An engine whose final does not come is waited for longest. */
export function endpointMs({ words, learner, language, settings }: TurnState): number {
  if (words.finalsDue > 0) return learner.sinceMs + settings.maxEndpointDelayMs;
  const said = { text: unansweredText(words), engineSaysEnded: words.endedAtMs !== undefined };
  return learner.sinceMs + endpointDelayMs(said, language, settings);
}

/** When it is worth beginning the answer: the words have settled and do not break off. */
export function guessMs({ words, learner, language, settings }: TurnState): number {
  const text = unansweredText(words);
  if (text === '' || words.underTutor || words.finalsDue > 1 || (words.finalsDue === 1 && words.partial === ''))
    return Number.POSITIVE_INFINITY;
  const said = { text, engineSaysEnded: words.endedAtMs !== undefined };
  if (endpointDelayMs(said, language, settings) >= settings.maxEndpointDelayMs) return Number.POSITIVE_INFINITY;
  const silentSinceMs = learner.status === 'silent' ? learner.sinceMs : learner.pausedSinceMs;
  if (silentSinceMs === undefined) return Number.POSITIVE_INFINITY;
  return (words.finalsDue > 0 ? Math.max(silentSinceMs, words.changedAtMs) : silentSinceMs) + settings.speculateAfterMs;
}

/**
 * When a voice that goes on without new words is no longer the learner's: a radio, a fan. Only an engine that has shown
 * its words while the voice lasts can be judged by that.
 */
export function stalledMs({ words, learner, settings }: TurnState): number {
  if (words.partial === '' && words.closedAtMs === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(learner.sinceMs, words.changedAtMs) + settings.maxEndpointDelayMs;
}

/** When the silence, or a noise of that length, says that nobody is there. */
export function awayMs({ learner, words, awayAsked, quietSinceMs, settings }: TurnState): number {
  const delayMs = awayAsked ? settings.endAfterAwayMs : settings.awayAfterMs;
  if (learner.status === 'silent')
    return Math.max(quietSinceMs + delayMs, learner.sinceMs + Math.min(delayMs, AFTER_SOUND_MS));
  if (unansweredText(words) !== '') return Number.POSITIVE_INFINITY;
  return Math.max(quietSinceMs, learner.dismissed ? 0 : learner.sinceMs) + delayMs;
}
