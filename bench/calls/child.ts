import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One process of the benchmark, spoken to over its IPC channel. */
export class Child<Told> {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #told: Told[] = [];
  readonly #lastLines: string[] = [];
  #wake: () => void = () => {};

  /** @param onLine each line that the process writes. */
  constructor(file: string, args: readonly string[], onLine: (line: string) => void = () => {}) {
    this.#name = file;
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
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
        onLine(line);
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
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) throw this.#failure('ended');
      if (deadline.aborted) throw this.#failure(`said nothing for ${deadlineMs} ms`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Lets it end by itself, as a child does whose parent is gone; then by force. Idempotent. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(force);
  }

  #failure(what: string): Error {
    return new Error([`${this.#name} ${what}`, ...this.#lastLines].join('\n  '));
  }
}
