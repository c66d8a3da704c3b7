import { setTimeout as wait } from 'node:timers/promises';
import { asDatabaseUnavailable } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';

/** A database that restarts is away for seconds: so long a write is tried, and so long lies between two tries. */
const GIVE_UP_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;

/**
 * One call's writes, one after the other, away from the audio: a turn is never overtaken by its own correction.
 * A write that fails for good is logged and dropped; the call goes on.
 */
export class WriteQueue {
  readonly #log: Logger;
  #tail: Promise<void> = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
  }

  add(what: string, write: () => Promise<void>): void {
    this.#tail = this.#tail.then(() => this.#write(what, write));
  }

  /** Resolves when everything added before is written or given up. */
  idle(): Promise<void> {
    return this.#tail;
  }

  async #write(what: string, write: () => Promise<void>): Promise<void> {
    let waitedMs = 0;
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
      try {
        return await write();
      } catch (error) {
        const mayCome = asDatabaseUnavailable(error) !== undefined && waitedMs < GIVE_UP_AFTER_MS;
        if (!mayCome) return this.#log.error({ what, err: error }, 'A write of a call was lost');
        await wait(delayMs);
        waitedMs += delayMs;
      }
    }
  }
}
