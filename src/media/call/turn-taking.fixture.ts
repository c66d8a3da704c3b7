import { defaultTurnSettings } from './turn-settings.ts';
import { nextDeadlineMs, startTurnTaking, type TurnEffect, type TurnEvent, type TurnState } from './turn-state.ts';
import { takeTurn } from './turn-taking.ts';

export type Moment = DistributiveOmit<TurnEvent, 'atMs'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type At = readonly [atMs: number, event: Moment];

/** What happens, and what is to come of it: each effect as `<ms> <words>`. */
export interface Timeline {
  readonly name: string;
  readonly moments: readonly At[];
  readonly log: readonly string[];
  readonly untilMs?: number;
  readonly language?: 'en' | 'ru';
}

export const started = (voicedSinceMs: number): Moment => ({ type: 'speech_started', voicedSinceMs });
export const stopped = (silentSinceMs: number): Moment => ({ type: 'speech_stopped', silentSinceMs });
export const paused = (silentSinceMs: number): Moment => ({ type: 'speech_paused', silentSinceMs });
export const resumed: Moment = { type: 'speech_resumed' };
export const partial = (text: string): Moment => ({ type: 'partial', text });
export const final = (text: string): Moment => ({ type: 'final', text });
export const audible = (answer: number): Moment => ({ type: 'answer_audible', answer });
export const finished = (answer: number): Moment => ({ type: 'answer_finished', answer });
export const endOfUtterance: Moment = { type: 'end_of_utterance' };
export const greet: Moment = { type: 'greet' };
export const back: Moment = { type: 'connection_back' };

/** A voice as the detector tells it: 60 ms after it began, 100 ms after it ended. */
export const voice = (fromMs: number, toMs: number): readonly At[] => [
  [fromMs + 60, started(fromMs)],
  [toMs + 100, stopped(toMs)],
];

/** The tutor greets, and is heard from 50 ms on. */
export const greeting: readonly At[] = [
  [0, greet],
  [50, audible(0)],
];

/** A turn from 40 ms to 900 ms. */
export const saying = (text: string): readonly At[] => [...voice(40, 900), [1_050, final(text)]];

/** Plays a timeline, letting time pass at every deadline, and writes down what came of it and when. */
export function play(
  timeline: Pick<Timeline, 'moments' | 'untilMs' | 'language'>,
  { guesses = false }: { readonly guesses?: boolean } = {},
): { readonly log: readonly string[]; readonly state: TurnState } {
  const { language = 'en', untilMs } = timeline;
  // A stable sort: what is written first happens first.
  const moments = timeline.moments.toSorted(([one], [other]) => one - other);
  let state = startTurnTaking({ language, settings: defaultTurnSettings, atMs: 0 });
  let nowMs = 0;
  const log: string[] = [];
  const take = (event: TurnEvent) => {
    const step = takeTurn(state, event);
    state = step.state;
    nowMs = event.atMs;
    for (const effect of step.effects) {
      if (guesses || !effect.type.includes('speculat')) log.push(`${nowMs} ${describeEffect(effect)}`);
    }
  };
  const passUntil = (beforeMs: number) => {
    for (;;) {
      const deadlineMs = nextDeadlineMs(state, nowMs);
      if (deadlineMs === undefined || deadlineMs >= beforeMs) return;
      take({ type: 'time_passed', atMs: deadlineMs });
    }
  };
  for (const [atMs, moment] of moments) {
    passUntil(atMs);
    take({ ...moment, atMs });
  }
  passUntil((untilMs ?? (moments.at(-1)?.[0] ?? 0) + 4_000) + 1);
  return { log, state };
}

function describeEffect(effect: TurnEffect): string {
  switch (effect.type) {
    case 'speculate':
      return `speculate ${effect.answer} ${JSON.stringify(effect.text)}`;
    case 'drop_speculation':
      return `drop speculation ${effect.answer}`;
    case 'answer':
      return `answer ${effect.occasion} ${JSON.stringify(effect.text)}`;
    case 'cancel_answer':
      return `cancel ${effect.answer} ${effect.because}`;
    case 'hold_answer':
      return `hold ${effect.answer}`;
    case 'resume_answer':
      return `resume ${effect.answer}`;
    case 'drop_words':
      return `drop ${effect.because}`;
    case 'split_utterance':
      return 'split';
    case 'end_idle':
      return 'end idle';
    default:
      return effect satisfies never;
  }
}
