import { Gauge } from 'prom-client';
import type { Metrics } from '../platform/metrics.ts';
import type { QueueCounts, Queues } from './queues.ts';

const COUNTS = ['waiting', 'active', 'delayed', 'dead'] as const satisfies readonly (keyof QueueCounts)[];

export interface RollupLag {
  /** How old the oldest row is that is not in the figures yet. */
  readonly seconds: number;
  readonly rows: number;
}

export interface QueueMetricsOptions {
  readonly queues: Queues;
  readonly metrics: Metrics;
  readonly rollupLag: () => Promise<RollupLag>;
}

/**
 * Asks the store each time that the metrics are read. While it is away `jobs_store_up` is 0 and the last known numbers
 * stand.
 */
export function watchQueues({ queues, metrics, rollupLag }: QueueMetricsOptions): void {
  let reading: Promise<void> | undefined;
  // All gauges are read at once, and wait for the same answers.
  const collect = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const gauge = (name: string, help: string, labelNames: string[] = []) => {
    const made = new Gauge({ name, help, labelNames, collect, registers: [] });
    metrics.registerMetric(made);
    return made;
  };
  const up = gauge('jobs_store_up', 'Whether the queues answer');
  const depth = gauge('jobs_in_queue', 'Jobs by queue and state', ['queue', 'state']);
  const oldest = gauge('jobs_oldest_waiting_seconds', 'How long the oldest job has waited that could be done', [
    'queue',
  ]);
  const lagSeconds = gauge('revenue_rollup_lag_seconds', 'Age of the oldest usage that is not in the figures yet');
  const lagRows = gauge('revenue_rollup_lag_rows', 'Usage rows that are not in the figures yet');

  async function read(): Promise<void> {
    const [counts, lag] = await Promise.all([
      queues.counts().catch(() => undefined),
      rollupLag().catch(() => undefined),
    ]);
    up.set(counts === undefined ? 0 : 1);
    for (const of of counts ?? []) {
      for (const state of COUNTS) depth.set({ queue: of.queue, state }, of[state]);
      oldest.set({ queue: of.queue }, of.oldestWaitingSec);
    }
    if (lag === undefined) return;
    lagSeconds.set(lag.seconds);
    lagRows.set(lag.rows);
  }
}
