import type { Logger } from '../platform/log.ts';

const SAY_EVERY_MS = 10_000;

/** Logs what goes wrong with a store: while it is away the same thing goes wrong many times a second. */
export function logQuietly(log: Logger, message: string): (error: unknown) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return (error) => {
    const now = performance.now();
    if (now - saidAt < SAY_EVERY_MS) {
      unsaid += 1;
      return;
    }
    log.warn({ err: error, ...(unsaid > 0 && { since: unsaid }) }, message);
    saidAt = now;
    unsaid = 0;
  };
}
