import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly parameters?: readonly string[];
  readonly nodeFlags?: readonly string[];
  /** The child's whole environment; ours when absent. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Called with each line that the process writes. */
  readonly onLine?: (line: string) => void;
  /** 0 is usual, 19 gives way to everybody. */
  readonly niceness?: number;
}

const STOP_DEADLINE_MS = 20_000;

/** One process of the benchmark, spoken to over its IPC channel; it ends when the channel closes. */
export class Child<Told> {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #told: Told[] = [];
  readonly #lastLines: string[] = [];
  #wake: () => void = () => {};

  /** @param file relative to this one. */
  constructor(file: string, { parameters = [], nodeFlags = [], environment, onLine, niceness = 0 }: ChildOptions = {}) {
    this.#name = file;
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), parameters, {
      execArgv: [...process.execArgv, ...nodeFlags],
      // As the supervisor starts them: Linux may share the cores out by session.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      ...(environment && { env: environment }),
    });
    if (niceness > 0 && this.#process.pid !== undefined) setPriority(this.#process.pid, niceness);
    this.#process.on('message', (message) => {
      this.#told.push(message as Told);
      this.#wake();
    });
    this.#process.once('exit', () => this.#wake());
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > 20) this.#lastLines.shift();
        onLine?.(line);
      });
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  tell(message: object): void {
    this.#process.send(message);
  }

  /** The next message. @throws when the process ends, or says nothing within the deadline. */
  async next(deadlineMs: number): Promise<Told> {
    const deadline = AbortSignal.timeout(deadlineMs);
    while (true) {
      const message = this.#told.shift();
      if (message !== undefined) return message;
      if (this.#ended) throw this.#failure('ended');
      if (deadline.aborted) throw this.#failure(`said nothing for ${deadlineMs} ms`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Lets it end by itself, as a child does whose parent is gone; then by force. Idempotent. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const gone = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    const force = setTimeout(() => this.#process.kill('SIGKILL'), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(force);
  }

  get #ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  #failure(what: string): Error {
    return new Error([`${this.#name} ${what}`, ...this.#lastLines].join('\n  '));
  }
}
