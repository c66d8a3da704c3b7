import { Counter } from 'prom-client';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { startPeriodic, type Periodic } from '../platform/periodic.ts';
import type { ScheduledJobName } from './definitions.ts';
import type { Runner } from './runner.ts';

/**
 * What must happen though the queues' store is away, or has lost a schedule, and after how many ms without it. The
 * nightly ones do nothing unless they are due; of erasures, which are done by another process on most nights, a night may be
 * missed, but not two.
 */
const AT_LEAST_EVERY_MS: ReadonlyMap<ScheduledJobName, number> = new Map([
  ['sweep-calls', 15_000],
  ['send-mail', 15_000],
  ['check-payments', 60_000],
  ['erase-accounts', 60_000],
  ['roll-up-revenue', 180_000],
  ['reconcile-ledger', 600_000],
  ['close-days', 3_600_000],
  ['erase-turn-texts', 30 * 3_600_000],
  ['delete-recordings', 30 * 3_600_000],
]);
const LOOK_EVERY_MS = 5_000;

export interface SafetyNetOptions {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Does here, without a queue, what the queue has not had done here for too long. */
export function startSafetyNet({ runner, clock, log, metrics }: SafetyNetOptions): Periodic {
  const done = new Counter({
    name: 'jobs_done_without_queue_total',
    help: 'Scheduled jobs that were done although the queue did not ask for them',
    labelNames: ['job'],
    registers: [metrics],
  });
  const stop = new AbortController();
  const runs = new Set<Promise<void>>();

  async function run(job: ScheduledJobName): Promise<void> {
    done.inc({ job });
    log.debug({ job }, 'Doing a job without its queue');
    try {
      await runner.run(job, {}, stop.signal);
    } catch (error) {
      log.error({ job, err: error }, 'A job without its queue failed');
    }
  }
  const look = startPeriodic({
    name: 'safety net',
    everyMs: LOOK_EVERY_MS,
    clock,
    log,
    task: async () => {
      for (const [job, everyMs] of AT_LEAST_EVERY_MS) {
        if (runner.idleMs(job) < everyMs) continue;
        // Not waited for: one that hangs does not keep the others from being done.
        const under = run(job).finally(() => runs.delete(under));
        runs.add(under);
      }
    },
  });
  return {
    async close() {
      stop.abort();
      await look.close();
      await Promise.all(runs);
    },
  };
}
