import { Worker } from 'node:worker_threads';

import { EventQueue } from '../event-queue.ts';
import type { ProgramAnswer, ProgramFailure, ProgramMessage, ProgramRun } from './program-messages.ts';

/** What a program was asked to do and did not. `missing`: there is no such program on this machine. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly reason: ProgramFailure;

  constructor(reason: ProgramFailure, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/**
 * Runs short-lived programs from a thread of its own.
 *
 * Starting a program copies the process's page tables: 13 to 25 ms on the calling thread of a process of 250 MB
 * (measured, 2 cores). On the thread that sends a packet every 20 ms that is heard; from another thread it is not.
 */
export class ProgramRunner {
  #worker: Worker | undefined;
  readonly #runs = new Map<number, EventQueue<Uint8Array>>();
  #lastId = 0;
  #closed = false;

  /** Starts the thread ahead of the first run, which else waits for it (some 50 ms). Idempotent. */
  start(): void {
    if (!this.#closed) this.#worker ??= this.#startWorker();
  }

  /**
   * The program's standard output as it comes. It is read at the program's pace, so that a slow reader does not keep
   * the program alive. Ends at once, without an error, when `signal` aborts: the program is killed.
   * @throws ProgramError from the iteration.
   */
  async *run(run: ProgramRun, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    if (signal.aborted || this.#closed) return;
    const id = ++this.#lastId;
    const output = new EventQueue<Uint8Array>();
    this.start();
    const worker = this.#worker;
    if (!worker) return;
    this.#runs.set(id, output);
    worker.ref();
    const stop = () => output.endNow();
    signal.addEventListener('abort', stop, { once: true });
    try {
      worker.postMessage({ type: 'run', id, run } satisfies ProgramMessage);
      yield* output;
    } finally {
      signal.removeEventListener('abort', stop);
      if (this.#runs.delete(id)) worker.postMessage({ type: 'kill', id } satisfies ProgramMessage);
      if (this.#runs.size === 0) worker.unref();
    }
  }

  /** Kills what runs; their iterations end. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const output of this.#runs.values()) output.endNow();
    const worker = this.#worker;
    this.#worker = undefined;
    if (!worker) return;
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    worker.once('exit', () => resolve());
    // What is waited for has to hold the process.
    worker.ref();
    worker.postMessage({ type: 'close' } satisfies ProgramMessage);
    await gone;
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./program-worker.ts', import.meta.url), { name: 'programs' });
    worker.unref();
    worker.on('message', (answer: ProgramAnswer) => this.#receive(answer));
    worker.on('error', (error) => this.#lose(worker, error.message));
    worker.on('exit', () => this.#lose(worker, 'The thread that runs programs ended.'));
    return worker;
  }

  #receive(answer: ProgramAnswer): void {
    const output = this.#runs.get(answer.id);
    if (!output) return;
    if (answer.type === 'output') {
      output.push(answer.bytes);
      return;
    }
    this.#runs.delete(answer.id);
    if (answer.type === 'done') output.end();
    else output.fail(new ProgramError(answer.reason, answer.detail));
  }

  /** The thread is gone: what it ran fails, and the next run starts another. */
  #lose(worker: Worker, detail: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const output of this.#runs.values()) output.fail(new ProgramError('failed', detail));
    this.#runs.clear();
  }
}
