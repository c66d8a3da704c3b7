import type { StoreWorker } from './store.ts';

/** Between attempts to reach a store that is away. */
const RETRY_MS = 1_000;

/**
 * One worker, from the moment on at which its store answers. BullMQ's own remembers for ever that the store was away when
 * it was made: such a one is thrown away, and another one made; so is one that stops by itself.
 */
export class WorkerSlot {
  readonly #make: () => StoreWorker;
  readonly #complain: (error: unknown) => void;
  readonly #closed = Promise.withResolvers<void>();
  #closing = false;
  #worker: StoreWorker | undefined;
  #running = false;

  constructor(make: () => StoreWorker, complain: (error: unknown) => void) {
    this.#make = make;
    this.#complain = complain;
  }

  /** Returns at once. */
  start(): void {
    this.#start().catch(this.#complain);
  }

  async #start(): Promise<void> {
    while (!this.#closing) {
      const worker = this.#make();
      this.#worker = worker;
      try {
        await worker.waitUntilReady();
        if (this.#closing) return;
        this.#running = true;
        // Ends when it is closed.
        await worker.run();
        return;
      } catch (error) {
        this.#complain(error);
        this.#running = false;
        this.#worker = undefined;
        worker.close(true).catch(this.#complain);
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, RETRY_MS);
    await Promise.race([promise, this.#closed.promise]);
    clearTimeout(timer);
  }

  /** The jobs under way are told to stop. */
  abort(): void {
    this.#worker?.cancelAllJobs('The process stops');
  }

  /** Waits for the jobs under way, however long they take. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#closed.resolve();
    if (this.#running) await this.#worker?.close();
    // Its store never answered, and would be waited for.
    else this.#worker?.close(true).catch(this.#complain);
  }
}
