import type { PlayoutSegment, SegmentOptions, SegmentReport } from '../audio/speaker.ts';
import type { VoiceOutput } from '../call/voice-output.ts';
import type { Mp3Encoder } from '../transcoding/transcoder.ts';
import { RateConverter } from './rate-converter.ts';

/**
 * The tutor's voice on its way into an MP3 encoder. Nothing is paced: whoever listens has the sound as soon as it is made,
 * and what the encoder has taken counts as played.
 */
export class Mp3Output implements VoiceOutput {
  readonly #encoder: Mp3Encoder;
  readonly #sampleRate: number;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;
  #encodedMs = 0;

  /** @param sampleRate of what the encoder takes; voices of another are converted */
  constructor(encoder: Mp3Encoder, sampleRate: number) {
    this.#encoder = encoder;
    this.#sampleRate = sampleRate;
  }

  /** Of sound that the encoder has taken. */
  get encodedMs(): number {
    return this.#encodedMs;
  }

  openSegment(options: SegmentOptions): PlayoutSegment {
    const { sampleRate } = options;
    const converter = sampleRate === this.#sampleRate ? undefined : new RateConverter(sampleRate, this.#sampleRate);
    return new EncodedSegment(
      options,
      {
        write: (samples) => this.#write(converter ? converter.convert(samples) : samples),
        end: () => converter && this.#write(converter.finish()),
      },
      this.#stopped,
    );
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

  #write(samples: Int16Array): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      if (this.#stopped) return;
      await this.#encoder.write(samples);
      this.#encodedMs += (samples.length * 1_000) / this.#sampleRate;
    });
    return this.#tail;
  }
}

interface SegmentSink {
  write(samples: Int16Array): Promise<void>;
  end(): Promise<void> | undefined;
}

class EncodedSegment implements PlayoutSegment {
  readonly finished: Promise<SegmentReport>;
  readonly #options: SegmentOptions;
  readonly #sink: SegmentSink;
  readonly #resolve: (report: SegmentReport) => void;
  #tail: Promise<void> = Promise.resolve();
  #written = 0;
  #played = 0;
  #state: PlayoutSegment['state'] = 'waiting';
  #ended = false;

  constructor(options: SegmentOptions, sink: SegmentSink, stopped: boolean) {
    this.#options = options;
    this.#sink = sink;
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
    this.#tail = this.#sink.write(samples).then(() => {
      this.#played += samples.length;
    });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.#sink.end();
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
