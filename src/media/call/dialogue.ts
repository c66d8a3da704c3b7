import {
  awayMs,
  type DialogueEffect,
  type DialogueEvent,
  type DialogueState,
  dismissMs,
  forgottenMs,
  holdMs,
  lostMs,
  meantMs,
} from './dialogue-state.ts';

export interface DialogueStep {
  readonly state: DialogueState;
  readonly effects: readonly DialogueEffect[];
}

/** What follows from an event, with an engine that takes its own turns. */
export function takeDialogue(state: DialogueState, event: DialogueEvent): DialogueStep {
  const effects: DialogueEffect[] = [];
  let current = receive(state, event, effects);
  for (let round = 0; round < 4; round += 1) {
    const next = settle(current, event.atMs, effects);
    if (next === current) break;
    current = next;
  }
  return { state: current, effects };
}

function receive(before: DialogueState, event: DialogueEvent, effects: DialogueEffect[]): DialogueState {
  const { atMs } = event;
  switch (event.type) {
    case 'voice_started':
      if (before.learner.status === 'speaking') return before;
      return { ...before, learner: { status: 'speaking', sinceMs: event.voicedSinceMs, dismissed: false } };
    case 'voice_stopped':
      return receiveSilence(before, event.silentSinceMs);
    case 'engine_voice_started':
      return receiveEngineVoice(signOfLife(before, atMs), atMs, effects);
    case 'engine_voice_stopped': {
      const state = signOfLife(before, atMs);
      const { tutor } = state;
      return {
        ...state,
        engine: { ...state.engine, hears: false },
        // It answers now, or drops what it heard.
        tutor: tutor.status === 'quiet' ? { status: 'thinking', sinceMs: atMs } : tutor,
        quietSinceMs: atMs,
      };
    }
    case 'heard':
      return receiveWords(signOfLife(before, atMs), event.text, atMs, effects);
    case 'asked':
      return { ...before, tutor: { status: 'thinking', sinceMs: atMs }, quietSinceMs: atMs };
    case 'answer_started': {
      const state = signOfLife(before, atMs);
      // It answers what was said over the one before.
      return state.tutor.status === 'held' ? interrupt(state, state.tutor.sinceMs, atMs, effects) : state;
    }
    case 'answer_audible': {
      const state = signOfLife(before, atMs);
      const { answerId } = event;
      return { ...state, tutor: { status: 'speaking', answerId, falseAlarms: 0, overheard: false } };
    }
    case 'answer_over':
      return receiveOver(before, event);
    case 'engine_sign':
      return signOfLife(before, atMs);
    case 'connection_back':
      return {
        ...before,
        learner: { status: 'silent', sinceMs: atMs },
        engine: { hears: false, lastSignMs: atMs, ignoredSinceMs: undefined },
        tutor: before.tutor.status === 'thinking' ? { ...before.tutor, sinceMs: atMs } : before.tutor,
        quietSinceMs: atMs,
      };
    case 'time_passed':
      return before;
    default:
      return event satisfies never;
  }
}

function signOfLife(state: DialogueState, atMs: number): DialogueState {
  return { ...state, engine: { ...state.engine, lastSignMs: atMs, ignoredSinceMs: undefined } };
}

function receiveSilence(state: DialogueState, silentSinceMs: number): DialogueState {
  const { learner, engine, settings } = state;
  if (learner.status === 'silent') return state;
  const voicedMs = silentSinceMs - learner.sinceMs;
  const ignored = voicedMs >= settings.uncaughtSpeechMs && engine.lastSignMs < learner.sinceMs;
  return {
    ...state,
    learner: { status: 'silent', sinceMs: silentSinceMs },
    engine: ignored ? { ...engine, ignoredSinceMs: engine.ignoredSinceMs ?? silentSinceMs } : engine,
  };
}

/** The engine hears a voice: over the tutor it stops the tutor at once, as our own detector does. */
function receiveEngineVoice(state: DialogueState, atMs: number, effects: DialogueEffect[]): DialogueState {
  const { tutor, learner } = state;
  const engine = { ...state.engine, hears: true };
  if (tutor.status === 'held') return { ...state, engine, tutor: { ...tutor, overheard: true } };
  if (tutor.status !== 'speaking') return { ...state, engine };
  const { answerId, falseAlarms } = tutor;
  effects.push({ type: 'hold', voicedSinceMs: learner.status === 'speaking' ? learner.sinceMs : atMs });
  return { ...state, engine, tutor: { status: 'held', answerId, falseAlarms, overheard: true, sinceMs: atMs } };
}

/** Words that the engine understood over the tutor are meant; those of the turn before may come late, and are not. */
function receiveWords(before: DialogueState, text: string, atMs: number, effects: DialogueEffect[]): DialogueState {
  if (text.trim() === '') return before;
  const state = { ...before, quietSinceMs: atMs, awayAsked: false };
  const { tutor } = state;
  if (tutor.status !== 'held' || !tutor.overheard) return state;
  return interrupt(state, tutor.sinceMs, atMs, effects);
}

function receiveOver(
  state: DialogueState,
  { answerId, more, atMs }: DialogueEvent & { type: 'answer_over' },
): DialogueState {
  const { tutor } = state;
  const current = tutor.status === 'speaking' || tutor.status === 'held' ? tutor.answerId : undefined;
  if (current !== undefined && current !== answerId) return state;
  const next = more ? ({ status: 'thinking', sinceMs: atMs } as const) : ({ status: 'quiet' } as const);
  return { ...state, tutor: next, quietSinceMs: atMs };
}

function settle(state: DialogueState, atMs: number, effects: DialogueEffect[]): DialogueState {
  const { tutor, learner } = state;
  switch (tutor.status) {
    case 'speaking': {
      if (atMs < holdMs(state)) return state;
      effects.push({ type: 'hold', voicedSinceMs: learner.sinceMs });
      const { answerId, falseAlarms, overheard } = tutor;
      return { ...state, tutor: { status: 'held', answerId, falseAlarms, overheard, sinceMs: atMs } };
    }
    case 'held':
      if (atMs >= meantMs(state)) return interrupt(state, learner.sinceMs, atMs, effects);
      if (atMs < dismissMs(state)) return state;
      return dismiss(state, tutor, effects);
    case 'thinking':
      // It took what it heard for nothing.
      return atMs < forgottenMs(state) ? state : { ...state, tutor: { status: 'quiet' }, quietSinceMs: atMs };
    case 'quiet':
      return settleWhileQuiet(state, atMs, effects);
    default:
      return tutor satisfies never;
  }
}

function settleWhileQuiet(state: DialogueState, atMs: number, effects: DialogueEffect[]): DialogueState {
  if (atMs >= lostMs(state)) {
    effects.push({ type: 'engine_lost' });
    return { ...state, engine: { ...state.engine, ignoredSinceMs: undefined }, quietSinceMs: atMs };
  }
  if (atMs < awayMs(state)) return state;
  effects.push({ type: state.awayAsked ? 'end_idle' : 'ask_away' });
  return { ...state, awayAsked: true, quietSinceMs: atMs };
}

function interrupt(
  state: DialogueState,
  voicedSinceMs: number,
  atMs: number,
  effects: DialogueEffect[],
): DialogueState {
  effects.push({ type: 'interrupt', voicedSinceMs });
  const tutor = state.engine.hears ? ({ status: 'quiet' } as const) : ({ status: 'thinking', sinceMs: atMs } as const);
  return { ...state, tutor, quietSinceMs: atMs, awayAsked: false };
}

function dismiss(
  state: DialogueState,
  { answerId, falseAlarms }: DialogueState['tutor'] & { status: 'held' },
  effects: DialogueEffect[],
): DialogueState {
  effects.push({ type: 'go_on' });
  const { learner } = state;
  return {
    ...state,
    learner: learner.status === 'speaking' ? { ...learner, dismissed: true } : learner,
    tutor: { status: 'speaking', answerId, falseAlarms: falseAlarms + 1, overheard: false },
  };
}
