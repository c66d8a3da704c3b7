import { Counter, Gauge } from 'prom-client';
import type { Metrics } from '../../platform/metrics.ts';

export interface SfuMetrics {
  readonly workers: Gauge;
  readonly callers: Gauge;
  readonly callersOpened: Counter;
  readonly workerDeaths: Counter;
}

export function createSfuMetrics(metrics: Metrics): SfuMetrics {
  const registers = [metrics];
  return {
    workers: new Gauge({ name: 'ailingva_sfu_workers', help: 'Media workers that run.', registers }),
    callers: new Gauge({
      name: 'ailingva_sfu_callers',
      help: 'Callers that are open in the media workers.',
      registers,
    }),
    callersOpened: new Counter({
      name: 'ailingva_sfu_callers_opened_total',
      help: 'Callers that have been opened.',
      registers,
    }),
    workerDeaths: new Counter({
      name: 'ailingva_sfu_worker_deaths_total',
      help: 'Media workers that ended without having been asked to.',
      registers,
    }),
  };
}
