import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from '../../platform/metrics.ts';
import type { EndReason } from '../protocol.ts';
import type { TurnStage } from './ports.ts';

/** What the calls of a process tell Prometheus. */
export interface CallMetrics {
  readonly liveCalls: Gauge;
  /** Voices that go over the socket now, and all that ever did. */
  readonly socketVoices: Gauge;
  readonly openedSocketVoices: Counter;
  readonly httpTurns: Counter<'outcome'>;
  readonly endedCalls: Counter<'reason'>;
  /** Seconds from the end of the learner's speech to each stage of the answer; `stop` from the beginning of an interruption. */
  readonly turnStages: Histogram<'stage'>;
  readonly interruptions: Counter<'kind'>;
  /** Answers begun before the endpoint was sure. */
  readonly speculations: Counter<'outcome'>;
}

export type InterruptionKind = 'interrupted' | 'false_interruption' | 'backchannel' | 'continued';

export function createCallMetrics(metrics: Metrics): CallMetrics {
  const registers = [metrics];
  return {
    liveCalls: new Gauge({ name: 'ailingva_calls', help: 'Calls in this process that have not ended', registers }),
    socketVoices: new Gauge({
      name: 'ailingva_socket_voices',
      help: 'Calls in this process whose voice goes over the socket now',
      registers,
    }),
    openedSocketVoices: new Counter({
      name: 'ailingva_socket_voices_opened_total',
      help: 'How often a voice went over to the socket',
      registers,
    }),
    httpTurns: new Counter({
      name: 'ailingva_http_turns_total',
      help: 'Turns over HTTP: answered, left by their sender, or the code of what went wrong',
      labelNames: ['outcome'],
      registers,
    }),
    endedCalls: new Counter({
      name: 'ailingva_calls_ended_total',
      help: 'Ended calls',
      labelNames: ['reason'],
      registers,
    }),
    turnStages: new Histogram({
      name: 'ailingva_turn_stage_seconds',
      help: "Seconds from the end of the learner's speech to a stage of the answer; to `stop`, from where an interruption began",
      labelNames: ['stage'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10],
      registers,
    }),
    interruptions: new Counter({
      name: 'ailingva_interruptions_total',
      help: "The learner's voice over the tutor's, by what it turned out to be",
      labelNames: ['kind'],
      registers,
    }),
    speculations: new Counter({
      name: 'ailingva_speculations_total',
      help: 'Answers begun before the endpoint was sure, by whether they were used',
      labelNames: ['outcome'],
      registers,
    }),
  };
}

export function countEnd(metrics: CallMetrics, reason: EndReason): void {
  metrics.endedCalls.inc({ reason });
}

export function observeStage(metrics: CallMetrics, stage: TurnStage, ms: number): void {
  metrics.turnStages.observe({ stage }, ms / 1_000);
}
