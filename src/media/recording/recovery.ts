import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Recordings } from './recordings.ts';

export interface RecoveryOptions {
  readonly recordings: Pick<Recordings, 'recover'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Recovery {
  /** Idempotent. */
  close(): void;
}

const EVERY_MS = 5 * 60_000;

/** Puts to their place, at once and then every five minutes, what a crash or a failing store has left behind. */
export function startRecovery({ recordings, clock, log }: RecoveryOptions): Recovery {
  let timer: Timer | undefined;
  let closed = false;

  async function run(): Promise<void> {
    try {
      const files = await recordings.recover();
      if (files > 0) log.info({ files }, 'Recordings that had been left behind were uploaded');
    } catch (error) {
      log.error({ err: error }, 'Recordings that were left behind could not be uploaded');
    }
    if (!closed) timer = clock.after(EVERY_MS, () => void run());
  }

  void run();
  return {
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}
