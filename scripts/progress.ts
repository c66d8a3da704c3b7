/** Where progress is written: a terminal, or a log that keeps every line. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const TERMINAL_REFRESH_MS = 500;
const LOG_REFRESH_MS = 15_000;

/** Tells how one step goes: on a terminal one line that is rewritten, elsewhere a line now and then. */
export class Progress {
  readonly #output: Output;
  readonly #title: string;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #text = '';
  #written = '';

  constructor(output: Output, title: string) {
    this.#output = output;
    this.#title = title;
  }

  start(): void {
    this.#output.write(`▸ ${this.#title}${this.#terminal ? '' : '\n'}`);
    this.#timer = setInterval(() => this.#refresh(), this.#terminal ? TERMINAL_REFRESH_MS : LOG_REFRESH_MS);
  }

  say(text: string): void {
    this.#text = text;
  }

  done(): void {
    this.#end(`✓ ${this.#title} (${this.#elapsed})`);
  }

  failed(): void {
    this.#end(`✗ ${this.#title} (${this.#elapsed})`);
  }

  get #terminal(): boolean {
    return this.#output.isTTY === true;
  }

  get #elapsed(): string {
    return `${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s`;
  }

  #refresh(): void {
    if (this.#terminal) {
      const line = `▸ ${this.#title}  ${this.#elapsed}  ${this.#text}`;
      this.#output.write(`\r\u001B[K${line.slice(0, (this.#output.columns ?? 80) - 1)}`);
    } else if (this.#text !== this.#written) {
      this.#written = this.#text;
      this.#output.write(`  ${this.#elapsed}  ${this.#text}\n`);
    }
  }

  #end(line: string): void {
    clearInterval(this.#timer);
    this.#output.write(`${this.#terminal ? '\r\u001B[K' : ''}${line}\n`);
  }
}
