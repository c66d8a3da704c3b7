import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../../platform/log.ts';

/** How often a write is tried, and what lies between the tries, in ms. */
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 200;

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
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write();
      } catch (error) {
        if (attempt === ATTEMPTS) return this.#log.error({ what, err: error }, 'A write of a call was lost');
        await wait(RETRY_DELAY_MS * attempt);
      }
    }
  }
}
