import { isBackchannel } from './endpointing.ts';
import {
  awayDeadlineMs,
  hasTurn,
  isGuessable,
  noWords,
  type Occasion,
  silenceNeededMs,
  type TurnEffect,
  type TurnEvent,
  type TurnState,
  type TutorFloor,
  unansweredText,
  type UnansweredWords,
} from './turn-state.ts';

/**
 * Who speaks when, as a pure function: `(state, event) → {state, effects}`, with time only in the events.
 * The conversation runs the effects and asks `nextDeadlineMs` when to send the next `time_passed`.
 *
 * The learner's floor and the tutor's floor are two small states; the rules in `settle` stand between them.
 */
interface Step {
  readonly state: TurnState;
  readonly effects: readonly TurnEffect[];
}

/** Voice of this length that no engine could make words of is answered all the same ("I didn't catch that"). */
const UNCAUGHT_SPEECH_MS = 900;

export function takeTurn(state: TurnState, event: TurnEvent): Step {
  const effects: TurnEffect[] = [];
  let current = receive(state, event, effects);
  // Each rule either changes the state or leaves it; a handful of rounds settles any event.
  for (let round = 0; round < 8; round += 1) {
    const next = settle(current, event.atMs, effects);
    if (next === current) break;
    current = next;
  }
  return { state: current, effects };
}

function receive(state: TurnState, event: TurnEvent, effects: TurnEffect[]): TurnState {
  switch (event.type) {
    case 'greet':
      return answer(state, 'greeting', event.atMs, effects);
    case 'speech_started':
      return {
        ...state,
        learner: { status: 'speaking', sinceMs: event.voicedSinceMs, dismissed: false },
        words: { ...state.words, awaitingFinal: true, engineSaysEnded: false },
        quietSinceMs: event.atMs,
        awayAsked: false,
      };
    case 'speech_stopped': {
      if (state.learner.status === 'silent') return state;
      const voicedMs = state.words.voicedMs + Math.max(0, event.silentSinceMs - state.learner.sinceMs);
      return {
        ...state,
        learner: { status: 'silent', sinceMs: event.silentSinceMs },
        words: { ...state.words, voicedMs },
        quietSinceMs: event.atMs,
      };
    }
    case 'partial':
      return { ...state, words: { ...state.words, partial: event.text } };
    case 'final':
      return {
        ...state,
        words: {
          ...state.words,
          finals: event.text === '' ? state.words.finals : [...state.words.finals, event.text],
          partial: '',
          awaitingFinal: state.learner.status === 'speaking',
        },
      };
    case 'end_of_utterance':
      return { ...state, words: { ...state.words, engineSaysEnded: true } };
    case 'answer_audible':
      return state.tutor.status === 'preparing' && state.tutor.answer === event.answer
        ? { ...state, tutor: { status: 'speaking', answer: event.answer } }
        : state;
    case 'answer_finished':
      return state.tutor.status !== 'quiet' &&
        state.tutor.status !== 'speculating' &&
        state.tutor.answer === event.answer
        ? { ...state, tutor: { status: 'quiet' }, quietSinceMs: event.atMs }
        : state;
    case 'connection_back':
      return {
        ...state,
        learner: { status: 'silent', sinceMs: event.atMs },
        words: { ...state.words, awaitingFinal: false },
        quietSinceMs: event.atMs,
      };
    case 'time_passed':
      return state;
    default:
      return event satisfies never;
  }
}

function settle(state: TurnState, atMs: number, effects: TurnEffect[]): TurnState {
  switch (state.tutor.status) {
    case 'speaking':
      return settleWhileSpeaking(state, state.tutor, atMs, effects);
    case 'held':
      return settleWhileHeld(state, state.tutor, atMs, effects);
    case 'preparing':
      return settleWhilePreparing(state, state.tutor, atMs, effects);
    case 'speculating':
      return settleWhileSpeculating(state, state.tutor, atMs, effects);
    case 'quiet':
      return settleWhileQuiet(state, atMs, effects);
    default:
      return state.tutor satisfies never;
  }
}

function settleWhileSpeaking(
  state: TurnState,
  tutor: TutorFloor & { status: 'speaking' },
  atMs: number,
  effects: TurnEffect[],
): TurnState {
  const { learner, words, settings, language } = state;
  const text = unansweredText(words);
  if (learner.status === 'silent') {
    if (words === noWords || words.awaitingFinal) return state;
    // Said before the tutor could be heard: it stands.
    if (words.voicedMs >= settings.interruptionSpeechMs && text !== '' && !isBackchannel(text, language)) {
      effects.push({ type: 'cancel_answer', answer: tutor.answer, because: 'interrupted' });
      return { ...state, tutor: { status: 'quiet' } };
    }
    // Too short to stop the tutor, and over: what came of it is no turn.
    effects.push({ type: 'drop_words', because: text === '' ? 'no_words' : 'backchannel', text });
    return { ...state, words: noWords };
  }
  if (learner.dismissed && (text === '' || isBackchannel(text, language))) return state;
  if (atMs - learner.sinceMs < settings.interruptionSpeechMs) return state;
  if (text !== '' && isBackchannel(text, language)) return state;
  effects.push({ type: 'hold_answer', answer: tutor.answer });
  return { ...state, tutor: { status: 'held', answer: tutor.answer, sinceMs: atMs } };
}

function settleWhileHeld(
  state: TurnState,
  tutor: TutorFloor & { status: 'held' },
  atMs: number,
  effects: TurnEffect[],
): TurnState {
  const { learner, words, settings, language } = state;
  const text = unansweredText(words);
  if (text !== '' && !isBackchannel(text, language)) {
    effects.push({ type: 'cancel_answer', answer: tutor.answer, because: 'interrupted' });
    return { ...state, tutor: { status: 'quiet' } };
  }
  const heardOut = learner.status === 'silent' && !words.awaitingFinal;
  if (!heardOut && atMs - tutor.sinceMs < settings.falseInterruptionMs) return state;
  effects.push({ type: 'drop_words', because: text === '' ? 'no_words' : 'backchannel', text });
  effects.push({ type: 'resume_answer', answer: tutor.answer });
  return {
    ...state,
    learner: learner.status === 'speaking' ? { ...learner, dismissed: true } : learner,
    words: learner.status === 'speaking' ? { ...noWords, awaitingFinal: words.awaitingFinal } : noWords,
    tutor: { status: 'speaking', answer: tutor.answer },
  };
}

function settleWhilePreparing(
  state: TurnState,
  tutor: TutorFloor & { status: 'preparing' },
  atMs: number,
  effects: TurnEffect[],
): TurnState {
  const { learner, words, settings } = state;
  if (tutor.occasion !== 'turn') return state;
  const goesOn = learner.status === 'speaking' && atMs - learner.sinceMs >= settings.interruptionSpeechMs;
  if (!goesOn && unansweredText(words) === '') return state;
  effects.push({ type: 'cancel_answer', answer: tutor.answer, because: 'continued' });
  return {
    ...state,
    words: {
      ...words,
      finals: [...tutor.answered.finals, ...openEnd(tutor.answered, words), ...words.finals],
      voicedMs: tutor.answered.voicedMs + words.voicedMs,
    },
    tutor: { status: 'quiet' },
  };
}

/** What was answered without its final: the final takes its place when it comes after all. */
function openEnd(answered: UnansweredWords, later: UnansweredWords): readonly string[] {
  const cameLate = answered.awaitingFinal && later.finals.length > 0;
  return answered.partial === '' || cameLate ? [] : [answered.partial];
}

function settleWhileQuiet(state: TurnState, atMs: number, effects: TurnEffect[]): TurnState {
  const { learner, words } = state;
  if (learner.status === 'speaking') return state;
  if (!hasTurn(words)) return atMs >= awayDeadlineMs(state) ? askOrEnd(state, atMs, effects) : state;
  const silentForMs = atMs - learner.sinceMs;
  if (silentForMs < silenceNeededMs(state)) {
    return isGuessable(state) && silentForMs >= state.settings.speculateAfterMs ? speculate(state, effects) : state;
  }
  if (unansweredText(words) === '' && words.voicedMs < UNCAUGHT_SPEECH_MS) {
    effects.push({ type: 'drop_words', because: 'no_words', text: '' });
    return { ...state, words: noWords };
  }
  return answer(state, 'turn', atMs, effects);
}

function settleWhileSpeculating(
  state: TurnState,
  tutor: TutorFloor & { status: 'speculating' },
  atMs: number,
  effects: TurnEffect[],
): TurnState {
  const { learner, words, settings } = state;
  const goesOn = learner.status === 'speaking' && atMs - learner.sinceMs >= settings.interruptionSpeechMs;
  if (goesOn || unansweredText(words) !== tutor.text) {
    effects.push({ type: 'drop_speculation', answer: tutor.answer });
    return { ...state, tutor: { status: 'quiet' } };
  }
  if (learner.status === 'speaking' || atMs - learner.sinceMs < silenceNeededMs(state)) return state;
  return answer(state, 'turn', atMs, effects, tutor.answer);
}

function speculate(state: TurnState, effects: TurnEffect[]): TurnState {
  const text = unansweredText(state.words);
  effects.push({ type: 'speculate', answer: state.nextAnswer, text, speechEndedMs: state.learner.sinceMs });
  return {
    ...state,
    tutor: { status: 'speculating', answer: state.nextAnswer, text },
    nextAnswer: state.nextAnswer + 1,
  };
}

/** Nobody has said anything for long: ask once, then end. */
function askOrEnd(state: TurnState, atMs: number, effects: TurnEffect[]): TurnState {
  if (!state.awayAsked) return { ...answer(state, 'away', atMs, effects), awayAsked: true };
  effects.push({ type: 'end_idle' });
  // The conversation ends here; should it be asked again, it answers again after as long.
  return { ...state, quietSinceMs: atMs };
}

/** @param speculated the answer that was begun already on the right guess. */
function answer(
  state: TurnState,
  occasion: Occasion,
  atMs: number,
  effects: TurnEffect[],
  speculated?: number,
): TurnState {
  const number = speculated ?? state.nextAnswer;
  effects.push({
    type: 'answer',
    answer: number,
    occasion,
    text: occasion === 'turn' ? unansweredText(state.words) : '',
    speechEndedMs: occasion === 'turn' ? state.learner.sinceMs : atMs,
    voicedMs: state.words.voicedMs,
  });
  return {
    ...state,
    words: occasion === 'turn' ? noWords : state.words,
    tutor: { status: 'preparing', answer: number, occasion, answered: state.words },
    quietSinceMs: atMs,
    nextAnswer: Math.max(state.nextAnswer, number + 1),
  };
}
