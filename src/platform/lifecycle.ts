import type { Logger } from './log.ts';

interface Closable {
  readonly name: string;
  readonly close: () => Promise<void> | void;
  readonly deadlineMs: number;
}

/** What has been opened in this process, closed in the reverse order, each with a deadline of its own. */
export class Lifecycle {
  readonly #log: Logger;
  readonly #closables: Closable[] = [];
  #closing: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Registers something that was just opened. It is closed before everything that was opened earlier. */
  onClose(name: string, close: () => Promise<void> | void, deadlineMs = 5_000): void {
    this.#closables.push({ name, close, deadlineMs });
  }

  /** Closes everything. The second call waits for the first. Never rejects: what failed is logged. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (const { name, close, deadlineMs } of this.#closables.toReversed()) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error(`not closed within ${deadlineMs} ms`)), deadlineMs);
      try {
        await Promise.race([close(), late]);
      } catch (error) {
        this.#log.error({ part: name, err: error }, 'A part did not close cleanly');
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
