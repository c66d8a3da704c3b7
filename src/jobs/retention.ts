import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { JobContext } from './runner.ts';

const DAY_MS = 24 * 3600 * 1000;

export interface Retention {
  /** For how many days the things are kept, as it is set now; 0: for good. */
  readonly keptDays: () => Promise<number>;
  /** Answers how many it erased; can be stopped, and called again. */
  readonly eraseBefore: (before: Date, signal: AbortSignal) => Promise<number>;
}

/** The handler of a nightly erasure. */
export function eraseOld(
  what: string,
  { keptDays, eraseBefore }: Retention,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
) {
  return async (_payload: Record<string, never>, { signal }: JobContext): Promise<void> => {
    const days = await keptDays();
    if (days === 0) return;
    const erased = await eraseBefore(new Date(clock.now().getTime() - days * DAY_MS), signal);
    if (erased > 0) log.info({ what, erased, days }, 'Erased what had been kept long enough');
  };
}
