import { Counter, Gauge } from 'prom-client';
import type { Metrics } from '../../platform/metrics.ts';
import type { EngineKind } from '../engine.ts';
import type { Circuit } from './circuit.ts';

/** What the engines of a process tell Prometheus. */
export interface EngineMetrics {
  readonly failures: Counter<'kind' | 'engine' | 'code'>;
  readonly switches: Counter<'kind' | 'from' | 'to'>;
  readonly breaker: Gauge<'kind' | 'engine'>;
  readonly cost: Counter<'kind' | 'engine'>;
}

const breakerValues: Readonly<Record<Circuit['status'], number>> = { closed: 0, probing: 1, open: 2 };

export function createEngineMetrics(metrics: Metrics): EngineMetrics {
  const registers = [metrics];
  return {
    failures: new Counter({
      name: 'ailingva_engine_failures_total',
      help: 'Failures and time-outs of engines, by error code',
      labelNames: ['kind', 'engine', 'code'],
      registers,
    }),
    switches: new Counter({
      name: 'ailingva_engine_switches_total',
      help: 'Calls that moved from one engine to the next',
      labelNames: ['kind', 'from', 'to'],
      registers,
    }),
    breaker: new Gauge({
      name: 'ailingva_engine_breaker',
      help: 'Whether an engine is used: 0 yes, 1 it is being probed, 2 it is left alone',
      labelNames: ['kind', 'engine'],
      registers,
    }),
    cost: new Counter({
      name: 'ailingva_engine_cost_roubles_total',
      help: 'What the engines cost at the prices that are set',
      labelNames: ['kind', 'engine'],
      registers,
    }),
  };
}

export function showBreaker(metrics: EngineMetrics, kind: EngineKind, engine: string, status: Circuit['status']): void {
  metrics.breaker.set({ kind, engine }, breakerValues[status]);
}
