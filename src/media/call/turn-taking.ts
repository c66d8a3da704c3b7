import { isBackchannel, sameWords } from './endpointing.ts';
import { settle } from './turn-rules.ts';
import type { TurnEffect, TurnEvent, TurnState } from './turn-state.ts';
import { joined, noWords, unansweredText, voiceBegins, voiceEnds, withFinal, withPartial } from './unanswered-words.ts';

/**
 * Who speaks when, as a pure function: `(state, event) → {state, effects}`, with time only in the events.
 * The conversation runs the effects and asks `nextDeadlineMs` when to send the next `time_passed`.
 *
 * Here an event is written into the state; the rules in `settle` then decide what follows from it.
 */
interface Step {
  readonly state: TurnState;
  readonly effects: readonly TurnEffect[];
}

type EventOf<Type extends TurnEvent['type']> = Extract<TurnEvent, { readonly type: Type }>;

/** Words that come later than this after the voice are of a voice that the detector does not hear. */
const TRANSCRIPT_DELAY_MS = 1_000;

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
      return greet(state, event.atMs, effects);
    case 'speech_started':
      return receiveVoice(state, event);
    case 'speech_paused':
      return receivePause(state, event.silentSinceMs);
    case 'speech_resumed':
      return receivePause(state, undefined);
    case 'speech_stopped':
      return receiveSilence(state, event.silentSinceMs);
    case 'partial':
      return receivePartial(state, event);
    case 'final':
      return receiveFinal(state, event, effects);
    case 'end_of_utterance':
      return { ...state, words: { ...state.words, endedAtMs: event.atMs } };
    case 'answer_audible':
      return receiveAudible(state, event.answer);
    case 'answer_finished':
      return receiveFinished(state, event);
    case 'connection_back':
      return {
        ...state,
        learner: { status: 'silent', sinceMs: event.atMs },
        words: { ...state.words, finalsDue: 0, unvoiced: false },
        lateFinalUntilMs: undefined,
        quietSinceMs: event.atMs,
      };
    case 'time_passed':
      return state;
    default:
      return event satisfies never;
  }
}

function greet(state: TurnState, atMs: number, effects: TurnEffect[]): TurnState {
  if (state.tutor.status !== 'quiet') return state;
  const answer = state.nextAnswer;
  effects.push({ type: 'answer', answer, occasion: 'greeting', text: '', speechEndedMs: atMs, voicedMs: 0 });
  return {
    ...state,
    tutor: { status: 'preparing', answer, occasion: 'greeting', answered: noWords },
    quietSinceMs: atMs,
    nextAnswer: answer + 1,
  };
}

function receiveVoice(state: TurnState, { voicedSinceMs }: EventOf<'speech_started'>): TurnState {
  if (state.learner.status === 'speaking') return state;
  return {
    ...state,
    learner: { status: 'speaking', sinceMs: voicedSinceMs, dismissed: false, pausedSinceMs: undefined },
    words: voiceBegins(state.words),
  };
}

function receivePause(state: TurnState, pausedSinceMs: number | undefined): TurnState {
  const { learner } = state;
  return learner.status === 'silent' ? state : { ...state, learner: { ...learner, pausedSinceMs } };
}

function receiveSilence(state: TurnState, silentSinceMs: number): TurnState {
  const { learner, words } = state;
  if (learner.status === 'silent') return state;
  const { sinceMs: fromMs, dismissed } = learner;
  return {
    ...state,
    learner: { status: 'silent', sinceMs: silentSinceMs },
    words: voiceEnds(words, { fromMs, toMs: silentSinceMs, dismissed }),
  };
}

function receivePartial(state: TurnState, { atMs, text }: EventOf<'partial'>): TurnState {
  const { learner, words, lateFinalUntilMs } = state;
  // Of the turn that is answered already: its final says the same better.
  if (lateFinalUntilMs !== undefined && atMs <= lateFinalUntilMs && words.finalsDue === 0) return state;
  const isNew = words.finalsDue === 0 && learner.status === 'silent';
  if (isNew && (text === '' || sameWords(text, words.finals.at(-1) ?? ''))) return state;
  const unvoiced = words.unvoiced || (isNew && atMs - learner.sinceMs > TRANSCRIPT_DELAY_MS);
  const heard = withPartial({ ...words, unvoiced, finalsDue: isNew ? 1 : words.finalsDue }, text, atMs);
  return somethingSaid(
    {
      ...state,
      words: heard,
      learner: unvoiced ? { status: 'silent', sinceMs: atMs } : learner,
      // The engine speaks of the next utterance: the final that was missing does not come any more.
      lateFinalUntilMs: undefined,
    },
    text,
    atMs,
  );
}

function receiveFinal(state: TurnState, event: EventOf<'final'>, effects: TurnEffect[]): TurnState {
  const { atMs, text } = event;
  const { learner, words, lateFinalUntilMs } = state;
  if (lateFinalUntilMs !== undefined && atMs <= lateFinalUntilMs) return receiveLateFinal(state, text, effects);
  const speaking = learner.status === 'speaking';
  const unheard =
    !speaking && (words.unvoiced || (words.finalsDue === 0 && atMs - learner.sinceMs > TRANSCRIPT_DELAY_MS));
  return somethingSaid(
    {
      ...state,
      words: withFinal(words, text, atMs, speaking),
      learner: unheard && text !== '' ? { status: 'silent', sinceMs: atMs } : learner,
      lateFinalUntilMs: undefined,
    },
    text,
    atMs,
  );
}

/** The final of a turn that was answered without it. It counts while the answer cannot be heard yet. */
function receiveLateFinal(before: TurnState, text: string, effects: TurnEffect[]): TurnState {
  const state = { ...before, lateFinalUntilMs: undefined };
  const { tutor, words } = state;
  const preparing = tutor.status === 'held' ? tutor.before : tutor;
  const isOpen = preparing.status === 'preparing' && preparing.answered.finalsDue > 0;
  if (text === '' || (isOpen && sameWords(text, preparing.answered.partial))) return state;
  if (isOpen) return { ...state, words: { ...words, finals: [text, ...words.finals] } };
  effects.push({ type: 'drop_words', because: 'stray', text });
  return state;
}

/** Words, unlike noises, say that somebody is there. */
function somethingSaid(state: TurnState, text: string, atMs: number): TurnState {
  return text === '' ? state : { ...state, quietSinceMs: atMs, awayAsked: false };
}

function receiveAudible(state: TurnState, answer: number): TurnState {
  const { tutor } = state;
  const speaking = { status: 'speaking', answer, falseAlarms: 0 } as const;
  if (tutor.status === 'preparing' && tutor.answer === answer) return { ...state, tutor: speaking, aside: undefined };
  if (tutor.status !== 'held' || tutor.answer !== answer || tutor.before.status === 'speaking') return state;
  // It was sent just before it was held.
  return { ...state, tutor: { ...tutor, before: speaking }, aside: undefined };
}

function receiveFinished(state: TurnState, { answer, atMs }: EventOf<'answer_finished'>): TurnState {
  const { tutor, learner, words, aside, language, settings } = state;
  if (tutor.status === 'quiet' || tutor.status === 'speculating' || tutor.answer !== answer) return state;
  const over = { ...state, tutor: { status: 'quiet' }, quietSinceMs: atMs, aside: undefined } as const;
  if (aside && aside.atMs + settings.answerOverlapMs >= atMs) {
    // "Yes" over the last words of a question is its answer.
    const answered = { ...noWords, finals: [aside.text], voicedMs: aside.voicedMs };
    return { ...over, words: joined(answered, words) };
  }
  const text = unansweredText(words);
  const underTutor =
    learner.status === 'silent' &&
    words.finalsDue > 0 &&
    learner.sinceMs + settings.answerOverlapMs < atMs &&
    (text === '' || isBackchannel(text, language));
  return { ...over, words: underTutor ? { ...words, underTutor } : words };
}
