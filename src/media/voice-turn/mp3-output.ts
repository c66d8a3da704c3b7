import type { PlayoutSegment, SegmentOptions, SegmentReport } from '../audio/speaker.ts';
import type { VoiceOutput } from '../call/voice-output.ts';
import type { Mp3Encoder } from '../transcoding/transcoder.ts';

/**
 * The tutor's voice on its way into an MP3 encoder. Nothing is paced: whoever listens has the sound as soon as it is made,
 * and what the encoder has taken counts as played.
 */
export class Mp3Output implements VoiceOutput {
  readonly #encoder: Mp3Encoder;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;
  #encodedMs = 0;

  constructor(encoder: Mp3Encoder) {
    this.#encoder = encoder;
  }

  /** Of sound that the encoder has taken. */
  get encodedMs(): number {
    return this.#encodedMs;
  }

  openSegment(options: SegmentOptions): PlayoutSegment {
    return new EncodedSegment(options, (samples) => this.#write(samples, options.sampleRate), this.#stopped);
  }

  /** Resolves when the encoder has taken what was written. */
  async room(signal: AbortSignal): Promise<void> {
    await this.#tail;
    signal.throwIfAborted();
  }

  stop(): readonly SegmentReport[] {
    this.#stopped = true;
    return [];
  }

  // One answer for one turn: there is nothing to hold back, and nobody who could speak over it.
  pause(): void {}
  resume(): void {}

  #write(samples: Int16Array, sampleRate: number): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      if (this.#stopped) return;
      await this.#encoder.write(samples);
      this.#encodedMs += (samples.length * 1_000) / sampleRate;
    });
    return this.#tail;
  }
}

class EncodedSegment implements PlayoutSegment {
  readonly finished: Promise<SegmentReport>;
  readonly #options: SegmentOptions;
  readonly #encode: (samples: Int16Array) => Promise<void>;
  readonly #resolve: (report: SegmentReport) => void;
  #tail: Promise<void> = Promise.resolve();
  #written = 0;
  #played = 0;
  #state: PlayoutSegment['state'] = 'waiting';
  #ended = false;

  constructor(options: SegmentOptions, encode: (samples: Int16Array) => Promise<void>, stopped: boolean) {
    this.#options = options;
    this.#encode = encode;
    ({ promise: this.finished, resolve: this.#resolve } = Promise.withResolvers<SegmentReport>());
    if (stopped) this.#finish('stopped');
  }

  get state(): PlayoutSegment['state'] {
    return this.#state;
  }

  get writtenMs(): number {
    return (this.#written * 1_000) / this.#options.sampleRate;
  }

  get playedMs(): number {
    return (this.#played * 1_000) / this.#options.sampleRate;
  }

  get queuedMs(): number {
    return this.writtenMs - this.playedMs;
  }

  write(samples: Int16Array): void {
    if (this.#ended || samples.length === 0) return;
    this.#written += samples.length;
    if (this.#state === 'waiting') {
      this.#state = 'playing';
      this.#options.onStarted?.(performance.now());
    }
    this.#tail = this.#encode(samples).then(() => {
      this.#played += samples.length;
    });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.#tail.then(() => this.#finish('complete'));
  }

  #finish(state: 'complete' | 'stopped'): void {
    this.#ended = true;
    this.#state = state;
    const report = { playedMs: this.playedMs, writtenMs: this.writtenMs, complete: state === 'complete' };
    this.#resolve(report);
    this.#options.onFinished?.(report);
  }
}
