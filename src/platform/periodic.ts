import type { Knex } from 'knex';
import type { Clock, Timer } from './clock.ts';
import type { Logger } from './log.ts';

export interface PeriodicOptions {
  readonly name: string;
  /** From the end of one run to the beginning of the next. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly task: () => Promise<void>;
}

export interface Periodic {
  /** Waits for the run under way; no other follows. Idempotent. */
  close(): Promise<void>;
}

/** Runs a task again and again, at once for the first time, never twice at a time. A failure is logged, and the next run tries again. */
export function startPeriodic({ name, everyMs, clock, log, task }: PeriodicOptions): Periodic {
  let closed = false;
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();

  const run = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      log.error({ task: name, err: error }, 'A periodic task failed');
    }
    if (!closed) timer = clock.after(everyMs, begin);
  };
  const begin = (): void => {
    running = run();
  };
  begin();
  return {
    close() {
      closed = true;
      timer?.cancel();
      return running;
    },
  };
}

const HOUR_MS = 3_600_000;

/**
 * Runs the work unless another process is at it, and says whether it ran. The lock is a transaction's, so it ends with
 * its connection, and after `longestMs` anyway: a machine that was stopped, or lost its network, keeps others from the work
 * no longer than that. Work that does take longer goes on to its end beside another's, and then this rejects.
 */
export function onlyOne(
  knex: Knex,
  lockName: string,
  work: () => Promise<void>,
  { longestMs = HOUR_MS }: { readonly longestMs?: number } = {},
): Promise<boolean> {
  return knex.transaction(async (transaction) => {
    const { rows } = await transaction.raw<{ rows: { taken: boolean }[] }>(
      // It holds nothing else that others wait for, so it may stand idle for as long as the work takes.
      `SELECT set_config('idle_in_transaction_session_timeout', :longestMs, true),
         pg_try_advisory_xact_lock(hashtextextended(:lockName, 0)) AS taken`,
      { longestMs: String(longestMs), lockName },
    );
    if (rows[0]?.taken !== true) return false;
    await work();
    return true;
  });
}
