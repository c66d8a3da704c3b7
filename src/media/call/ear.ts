import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import {
  EngineError,
  type Language,
  type SpeechToText,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../../speech/engine.ts';

export interface EarOptions {
  readonly engine: SpeechToText;
  readonly language: Language;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onEvent: (event: Exclude<TranscriptionEvent, { type: 'error' }>) => void;
  /** The engine is lost and will not be tried again. */
  readonly onFailed: (error: EngineError) => void;
}

/** Reopenings in a row, without a word heard between them, after which the ear gives up. */
const MAX_REOPENINGS = 3;
const REOPEN_DELAY_MS = 250;

/** One caller's stream to the engine that hears, opened again when it breaks. */
export class Ear {
  readonly #options: EarOptions;
  readonly #abort = new AbortController();
  #stream: TranscriptionStream | undefined;
  #reopenTimer: Timer | undefined;
  #failures = 0;

  constructor(options: EarOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#abort.signal.aborted || this.#stream) return;
    const stream = this.#options.engine.open({ language: this.#options.language, signal: this.#abort.signal });
    this.#stream = stream;
    void this.#listen(stream);
  }

  /** 320 samples, 16 kHz mono. */
  write(frame: Int16Array): void {
    this.#stream?.write(frame);
  }

  startUtterance(prefixMs: number): void {
    this.#stream?.startUtterance(prefixMs);
  }

  endUtterance(): void {
    this.#stream?.endUtterance();
  }

  close(): void {
    this.#reopenTimer?.cancel();
    this.#abort.abort();
    this.#stream?.close();
    this.#stream = undefined;
  }

  async #listen(stream: TranscriptionStream): Promise<void> {
    try {
      for await (const event of stream.events) {
        if (this.#abort.signal.aborted) return;
        if (event.type === 'error') return this.#broken(stream, event.error);
        if (event.type === 'final') this.#failures = 0;
        this.#options.onEvent(event);
      }
      if (!this.#abort.signal.aborted) this.#broken(stream, this.#unexpectedEnd());
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#broken(stream, this.#unexpectedEnd(error));
    }
  }

  #broken(stream: TranscriptionStream, error: EngineError): void {
    stream.close();
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#failures += 1;
    this.#options.log.warn({ err: error, failures: this.#failures }, 'The engine that hears broke off');
    if (!error.retryable || this.#failures > MAX_REOPENINGS) return this.#options.onFailed(error);
    this.#reopenTimer = this.#options.clock.after(REOPEN_DELAY_MS * this.#failures, () => this.start());
  }

  #unexpectedEnd(cause?: unknown): EngineError {
    return new EngineError({
      engine: this.#options.engine.name,
      code: 'engine_failed',
      message: 'The engine ended its stream without being asked to.',
      retryable: true,
      cause,
    });
  }
}
