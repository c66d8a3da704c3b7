import type { TurnSettings } from './turn-settings.ts';

/**
 * Who speaks when, with an engine that takes its own turns: what is left to us is to fall silent at once when the learner
 * speaks, to ask who is away, and to notice an engine that has gone. A pure function: `(state, event) → {state, effects}`.
 */
export interface DialogueState {
  readonly settings: TurnSettings;
  /** By our own detector. */
  readonly learner: LearnerVoice;
  readonly engine: EngineEar;
  readonly tutor: TutorVoice;
  /** When the two last said anything. */
  readonly quietSinceMs: number;
  readonly awayAsked: boolean;
}

export type LearnerVoice =
  | { readonly status: 'silent'; readonly sinceMs: number }
  /** `dismissed`: it was taken for noise; only the engine's words can interrupt again. */
  | { readonly status: 'speaking'; readonly sinceMs: number; readonly dismissed: boolean };

export interface EngineEar {
  /** Between its `speech_started` and `speech_stopped`. */
  readonly hears: boolean;
  /** When it last said anything at all. */
  readonly lastSignMs: number;
  /** A voice long enough to be words ended then, and the engine has given no sign since it began. */
  readonly ignoredSinceMs: number | undefined;
}

export type TutorVoice =
  | { readonly status: 'quiet' }
  /** The engine is making an answer, or is to. */
  | { readonly status: 'thinking'; readonly sinceMs: number }
  | {
      readonly status: 'speaking';
      readonly answerId: string;
      readonly falseAlarms: number;
      readonly overheard: boolean;
    }
  /** Stopped in mid-word: the learner may be saying something. */
  | {
      readonly status: 'held';
      readonly answerId: string;
      readonly falseAlarms: number;
      /** The engine hears a voice over this answer, too. */
      readonly overheard: boolean;
      readonly sinceMs: number;
    };

export type DialogueEvent = { readonly atMs: number } & (
  | { readonly type: 'voice_started'; readonly voicedSinceMs: number }
  | { readonly type: 'voice_stopped'; readonly silentSinceMs: number }
  | { readonly type: 'engine_voice_started' | 'engine_voice_stopped' }
  | { readonly type: 'heard'; readonly text: string }
  /** It was asked to speak. */
  | { readonly type: 'asked' }
  /** The engine begins another answer. */
  | { readonly type: 'answer_started' }
  /** An answer can be heard. */
  | { readonly type: 'answer_audible'; readonly answerId: string }
  /** It was heard to its end, or came to nothing; `more`: another one follows. */
  | { readonly type: 'answer_over'; readonly answerId: string; readonly more: boolean }
  /** Any other sign of life. */
  | { readonly type: 'engine_sign' }
  | { readonly type: 'connection_back' }
  | { readonly type: 'time_passed' }
);

export type DialogueEffect =
  | { readonly type: 'hold'; readonly voicedSinceMs: number }
  | { readonly type: 'go_on' }
  | { readonly type: 'interrupt'; readonly voicedSinceMs: number }
  | { readonly type: 'ask_away' }
  | { readonly type: 'end_idle' }
  | { readonly type: 'engine_lost' };

/** Nobody who has just made a sound is asked whether they are there. */
const AFTER_SOUND_MS = 3_000;
/** A voice that both our detector and the engine hear is meant, from this length on. */
const AGREED_VOICE_MS = 400;
/** The engine may notice a voice that much later than we do. */
const ENGINE_LAG_MS = 600;

export function startDialogue(settings: TurnSettings, atMs: number): DialogueState {
  return {
    settings,
    learner: { status: 'silent', sinceMs: atMs },
    engine: { hears: false, lastSignMs: atMs, ignoredSinceMs: undefined },
    tutor: { status: 'quiet' },
    quietSinceMs: atMs,
    awayAsked: false,
  };
}

/** The first time after `afterMs` at which a rule may fire by time alone. */
export function nextDialogueDeadlineMs(state: DialogueState, afterMs: number): number | undefined {
  const ahead = deadlinesMs(state).filter((deadline) => deadline > afterMs && Number.isFinite(deadline));
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function deadlinesMs(state: DialogueState): readonly number[] {
  switch (state.tutor.status) {
    case 'speaking':
      return [holdMs(state)];
    case 'held':
      return [meantMs(state), dismissMs(state)];
    case 'thinking':
      return [forgottenMs(state)];
    case 'quiet':
      return [awayMs(state), lostMs(state)];
    default:
      return state.tutor satisfies never;
  }
}

/** When a voice over the tutor stops the tutor. */
export function holdMs({ learner, tutor, settings }: DialogueState): number {
  if (tutor.status !== 'speaking' || learner.status === 'silent' || learner.dismissed) return Number.POSITIVE_INFINITY;
  if (tutor.falseAlarms >= settings.maxFalseInterruptions) return Number.POSITIVE_INFINITY;
  return learner.sinceMs + settings.interruptionSpeechMs;
}

/** When a voice that both hear is an interruption. */
export function meantMs({ learner, tutor }: DialogueState): number {
  if (tutor.status !== 'held' || !tutor.overheard || learner.status === 'silent') return Number.POSITIVE_INFINITY;
  return learner.sinceMs + AGREED_VOICE_MS;
}

/** When what stopped the tutor was nothing. */
export function dismissMs({ learner, tutor, engine, settings }: DialogueState): number {
  if (tutor.status !== 'held') return Number.POSITIVE_INFINITY;
  const patienceMs = tutor.sinceMs + settings.falseInterruptionMs;
  if (tutor.overheard || engine.hears || learner.status === 'speaking') return patienceMs;
  return Math.min(patienceMs, Math.max(tutor.sinceMs, learner.sinceMs) + ENGINE_LAG_MS);
}

/** When an answer that nobody can hear yet is not waited for any more. */
export function forgottenMs({ tutor, settings }: DialogueState): number {
  return tutor.status === 'thinking' ? tutor.sinceMs + settings.engineSilenceMs : Number.POSITIVE_INFINITY;
}

/** When an engine that takes no notice of the learner is lost. */
export function lostMs({ engine, settings }: DialogueState): number {
  return engine.ignoredSinceMs === undefined
    ? Number.POSITIVE_INFINITY
    : engine.ignoredSinceMs + settings.engineSilenceMs;
}

/** When the silence says that nobody is there. */
export function awayMs({ learner, engine, awayAsked, quietSinceMs, settings }: DialogueState): number {
  // Whoever speaks is there, heard or not.
  if (engine.hears || engine.ignoredSinceMs !== undefined || learner.status === 'speaking')
    return Number.POSITIVE_INFINITY;
  const delayMs = awayAsked ? settings.endAfterAwayMs : settings.awayAfterMs;
  return Math.max(quietSinceMs + delayMs, learner.sinceMs + Math.min(delayMs, AFTER_SOUND_MS));
}
