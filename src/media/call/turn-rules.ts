import { isBackchannel, isCommand, isHesitation, sameWords } from './endpointing.ts';
import {
  awayMs,
  endpointMs,
  guessMs,
  interruptionDeadlineMs,
  type Occasion,
  type PreparingFloor,
  type SpeakingFloor,
  stalledMs,
  type TurnEffect,
  type TurnState,
  type TutorFloor,
} from './turn-state.ts';
import { hasTurn, joined, noWords, unansweredText, type UnansweredWords } from './unanswered-words.ts';

/** What follows from the state at `atMs`, one step of it; the same state when nothing does. */
export function settle(state: TurnState, atMs: number, effects: TurnEffect[]): TurnState {
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

function settleWhileSpeaking(state: TurnState, tutor: SpeakingFloor, atMs: number, effects: TurnEffect[]): TurnState {
  const { learner, words, settings, language } = state;
  const text = unansweredText(words);
  if (isCommand(text, language)) return interrupt(state, tutor.answer, effects);
  if (learner.status === 'silent') {
    if (!hasTurn(words) || words.finalsDue > 0) return state;
    if (isMeant(state) && isVoice(state, atMs)) return interrupt(state, tutor.answer, effects);
    return putAside(state, atMs, noWords, effects);
  }
  const onlyWordsCount = learner.dismissed || tutor.falseAlarms >= settings.maxFalseInterruptions;
  if (onlyWordsCount && !isMeant(state)) return state;
  if (atMs < interruptionDeadlineMs(state) || isBackchannel(text, language)) return state;
  return hold(state, tutor, atMs, effects);
}

function settleWhilePreparing(state: TurnState, tutor: PreparingFloor, atMs: number, effects: TurnEffect[]): TurnState {
  const { learner, words } = state;
  if (unansweredText(words) !== '') return goOn(state, tutor, effects);
  if (learner.status === 'silent') return !hasTurn(words) || words.finalsDue > 0 ? state : { ...state, words: noWords };
  if (learner.dismissed || atMs < interruptionDeadlineMs(state)) return state;
  // It may be a cough: the answer is made all the same, but does not begin while the learner makes a sound.
  return hold(state, tutor, atMs, effects);
}

function settleWhileHeld(
  state: TurnState,
  tutor: TutorFloor & { readonly status: 'held' },
  atMs: number,
  effects: TurnEffect[],
): TurnState {
  const { learner, words, settings, language } = state;
  const { before } = tutor;
  if (before.status === 'preparing' && unansweredText(words) !== '') return goOn(state, before, effects);
  if (isCommand(unansweredText(words), language)) return interrupt(state, tutor.answer, effects);
  if (before.status === 'speaking' && isMeant(state) && isVoice(state, atMs))
    return interrupt(state, tutor.answer, effects);
  const heardOut = learner.status === 'silent' && words.finalsDue === 0;
  if (!heardOut && atMs < tutor.sinceMs + settings.falseInterruptionMs) return state;
  // A final that is still to come may yet make it an interruption.
  const { finalsDue, voicedMs } = words;
  const left = finalsDue === 0 ? noWords : { ...noWords, finalsDue, voicedMs };
  const resumed = putAside(state, atMs, left, effects);
  effects.push({ type: 'resume_answer', answer: tutor.answer });
  return {
    ...resumed,
    learner: learner.status === 'speaking' ? { ...learner, dismissed: true } : learner,
    tutor: before.status === 'speaking' ? { ...before, falseAlarms: before.falseAlarms + 1 } : before,
  };
}

function settleWhileQuiet(state: TurnState, atMs: number, effects: TurnEffect[]): TurnState {
  const { learner, words, settings, language } = state;
  if (learner.status === 'speaking') {
    if (atMs >= stalledMs(state)) return answerTurn(state, atMs, effects);
    if (atMs >= guessMs(state)) return speculate(state, effects);
    return atMs >= awayMs(state) ? askOrEnd(state, atMs, effects) : state;
  }
  if (!hasTurn(words)) return atMs >= awayMs(state) ? askOrEnd(state, atMs, effects) : state;
  const text = unansweredText(words);
  const isListening = words.underTutor && words.finalsDue === 0 && (text === '' || isBackchannel(text, language));
  if (isListening) return drop(state, text === '' ? 'no_words' : 'backchannel', effects);
  if (atMs < endpointMs(state)) return atMs >= guessMs(state) ? speculate(state, effects) : state;
  if (text === '' && (words.dismissed || words.voicedMs < settings.uncaughtSpeechMs)) {
    return drop(state, 'no_words', effects);
  }
  // Whoever says only "um" is still looking for words.
  if (isHesitation(text, language)) return drop(state, 'hesitation', effects);
  return answerTurn(state, atMs, effects);
}

function settleWhileSpeculating(
  state: TurnState,
  tutor: TutorFloor & { readonly status: 'speculating' },
  atMs: number,
  effects: TurnEffect[],
): TurnState {
  const { learner, words } = state;
  const speaks = learner.status === 'speaking' && learner.pausedSinceMs === undefined;
  const goesOn = speaks && atMs >= interruptionDeadlineMs(state);
  if (goesOn || !sameWords(unansweredText(words), tutor.text)) {
    effects.push({ type: 'drop_speculation', answer: tutor.answer });
    return { ...state, tutor: { status: 'quiet' } };
  }
  if (atMs < (learner.status === 'speaking' ? stalledMs(state) : endpointMs(state))) return state;
  return answerTurn(state, atMs, effects, tutor.answer);
}

/** Long enough to be more than a click that an engine took for a word. */
function isVoice(state: TurnState, atMs: number): boolean {
  const { learner, words, settings } = state;
  if (learner.status === 'speaking') return atMs >= interruptionDeadlineMs(state);
  return words.voicedMs >= settings.interruptionSpeechMs;
}

/** Words over the tutor that are more than a sign of listening. */
function isMeant({ words, language }: TurnState): boolean {
  const text = unansweredText(words);
  return text !== '' && !isBackchannel(text, language);
}

function hold(
  state: TurnState,
  before: PreparingFloor | SpeakingFloor,
  atMs: number,
  effects: TurnEffect[],
): TurnState {
  const { answer } = before;
  effects.push({ type: 'hold_answer', answer, voicedSinceMs: voicedSinceMs(state) });
  return { ...state, tutor: { status: 'held', answer, sinceMs: atMs, before } };
}

function interrupt(state: TurnState, answer: number, effects: TurnEffect[]): TurnState {
  effects.push({ type: 'cancel_answer', answer, because: 'interrupted', voicedSinceMs: voicedSinceMs(state) });
  return { ...state, tutor: { status: 'quiet' }, aside: undefined };
}

/** Words before the answer could be heard: they are of the turn that it answers, or make a greeting needless. */
function goOn(state: TurnState, { answer, occasion, answered }: PreparingFloor, effects: TurnEffect[]): TurnState {
  if (occasion !== 'turn') return interrupt(state, answer, effects);
  effects.push({ type: 'cancel_answer', answer, because: 'continued', voicedSinceMs: voicedSinceMs(state) });
  return { ...state, tutor: { status: 'quiet' }, words: joined(answered, state.words) };
}

function voicedSinceMs({ learner, words }: TurnState): number {
  return learner.status === 'speaking' ? learner.sinceMs : learner.sinceMs - words.voicedMs;
}

/** What was said over the tutor is no turn. A backchannel is kept in mind: it may be an answer to the tutor's last words. */
function putAside(state: TurnState, atMs: number, left: UnansweredWords, effects: TurnEffect[]): TurnState {
  const { words, language } = state;
  const text = unansweredText(words);
  const because = text === '' ? 'no_words' : isBackchannel(text, language) ? 'backchannel' : 'stray';
  effects.push({ type: 'drop_words', because, text });
  const isSign = because === 'backchannel' && !isHesitation(text, language) && left === noWords;
  return { ...state, words: left, aside: isSign ? { text, voicedMs: words.voicedMs, atMs } : state.aside };
}

function drop(state: TurnState, because: 'no_words' | 'backchannel' | 'hesitation', effects: TurnEffect[]): TurnState {
  effects.push({ type: 'drop_words', because, text: unansweredText(state.words) });
  return { ...state, words: noWords };
}

function speculate(state: TurnState, effects: TurnEffect[]): TurnState {
  const text = unansweredText(state.words);
  effects.push({ type: 'speculate', answer: state.nextAnswer, text, speechEndedMs: silentSinceMs(state) });
  return {
    ...state,
    tutor: { status: 'speculating', answer: state.nextAnswer, text },
    nextAnswer: state.nextAnswer + 1,
  };
}

/** Where the silence began that the guess is made on. */
function silentSinceMs({ learner }: TurnState): number {
  return (learner.status === 'speaking' && learner.pausedSinceMs) || learner.sinceMs;
}

/** Nobody has said anything for long: ask once, then end. */
function askOrEnd(state: TurnState, atMs: number, effects: TurnEffect[]): TurnState {
  if (!state.awayAsked) return { ...beginAnswer(state, 'away', atMs, effects), awayAsked: true };
  effects.push({ type: 'end_idle' });
  // The conversation ends here; should it be asked again, it answers again after as long.
  return { ...state, quietSinceMs: atMs };
}

function answerTurn(state: TurnState, atMs: number, effects: TurnEffect[], speculated?: number): TurnState {
  const { learner, words, settings } = state;
  const next = beginAnswer(state, 'turn', atMs, effects, speculated);
  const goesOn = learner.status === 'speaking';
  if (goesOn) effects.push({ type: 'split_utterance' });
  return {
    ...next,
    words: goesOn ? { ...noWords, finalsDue: 1 } : noWords,
    awayAsked: false,
    lateFinalUntilMs: words.finalsDue > 0 ? atMs + settings.maxEndpointDelayMs : undefined,
  };
}

/** @param speculated the answer that was begun already on the right guess. */
function beginAnswer(
  state: TurnState,
  occasion: Occasion,
  atMs: number,
  effects: TurnEffect[],
  speculated?: number,
): TurnState {
  const { learner, words } = state;
  const number = speculated ?? state.nextAnswer;
  effects.push({
    type: 'answer',
    answer: number,
    occasion,
    text: occasion === 'turn' ? unansweredText(words) : '',
    speechEndedMs: occasion === 'away' || learner.status === 'speaking' ? atMs : learner.sinceMs,
    voicedMs: words.voicedMs,
  });
  return {
    ...state,
    // What sounds on when the tutor begins was taken for noise.
    learner: learner.status === 'speaking' ? { ...learner, dismissed: true } : learner,
    tutor: { status: 'preparing', answer: number, occasion, answered: words },
    quietSinceMs: atMs,
    nextAnswer: Math.max(state.nextAnswer, number + 1),
  };
}
