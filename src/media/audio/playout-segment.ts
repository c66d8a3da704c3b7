import type { OpusSampleRate } from './opus-types.ts';
import { Resampler, type ResamplerFilter } from './resampler.ts';

export interface SegmentOptions {
  /** Hz, mono: 8000 to 48 000. Rates that Opus does not take are resampled. */
  readonly sampleRate: number;
  /** The segment's first packet was sent (by another way than RTP: heard), in the slot `nowMs`. */
  readonly onStarted?: (nowMs: number) => void;
  /** Over, one way or another; `complete` in the report says which. Called once. */
  readonly onFinished?: (report: SegmentReport) => void;
}

export interface SegmentReport {
  /** Of its audio, sent to the caller (by another way than RTP: heard); whole packets, but never more than was written. */
  readonly playedMs: number;
  readonly writtenMs: number;
  /** Ended and played to its end. */
  readonly complete: boolean;
}

/** One stretch of audio: a sentence, an answer. Its last packet is filled up with silence. */
export interface PlayoutSegment {
  /** Any number of samples; the segment owns the array from now on. Ignored after `end()` or `stop()`. */
  write(samples: Int16Array): void;
  /** Nothing more will be written. Idempotent. */
  end(): void;
  readonly writtenMs: number;
  readonly playedMs: number;
  readonly queuedMs: number;
  readonly state: 'waiting' | 'playing' | 'complete' | 'stopped';
  /** The same as `onFinished`; never rejects. */
  readonly finished: Promise<SegmentReport>;
}

/** The rate at which Opus is given audio of `sampleRate`. */
export function encodingRate(sampleRate: number): OpusSampleRate {
  switch (sampleRate) {
    case 8_000:
    case 12_000:
    case 16_000:
    case 24_000:
    case 48_000:
      return sampleRate;
    default:
      return sampleRate < 24_000 ? 24_000 : 48_000;
  }
}

/** The speaker's side of a segment: the same audio, frame by frame. */
export class QueuedSegment implements PlayoutSegment {
  readonly encodingRate: OpusSampleRate;
  readonly finished: Promise<SegmentReport>;
  readonly #options: SegmentOptions;
  readonly #resampler: Resampler | undefined;
  readonly #chunks: Int16Array[] = [];
  readonly #frame: Int16Array;
  readonly #onWritten: () => void;
  readonly #resolve: (report: SegmentReport) => void;
  /** How much of the first chunk has been taken. */
  #offset = 0;
  /** Samples in `#frame`. */
  #filled = 0;
  #written = 0;
  #ended = false;
  /** Taken to be sent, and of those heard; by RTP both at once. */
  #framesSent = 0;
  #framesHeard = 0;
  #state: PlayoutSegment['state'] = 'waiting';

  /** `onWritten` is called after each `write` that brought something. */
  constructor(options: SegmentOptions, filter: ResamplerFilter | undefined, onWritten: () => void) {
    this.#options = options;
    this.#onWritten = onWritten;
    this.encodingRate = encodingRate(options.sampleRate);
    this.#resampler = filter && new Resampler(filter);
    this.#frame = new Int16Array(this.encodingRate / 50);
    ({ promise: this.finished, resolve: this.#resolve } = Promise.withResolvers<SegmentReport>());
  }

  get state(): PlayoutSegment['state'] {
    return this.#state;
  }

  get writtenMs(): number {
    return (this.#written * 1_000) / this.#options.sampleRate;
  }

  get playedMs(): number {
    return Math.min(this.#framesHeard * 20, this.writtenMs);
  }

  get queuedMs(): number {
    return this.#over ? 0 : this.writtenMs - Math.min(this.#framesSent * 20, this.writtenMs);
  }

  write(samples: Int16Array): void {
    if (this.#ended || this.#over || samples.length === 0) return;
    this.#written += samples.length;
    this.#chunks.push(samples);
    this.#onWritten();
  }

  end(): void {
    this.#ended = true;
  }

  /** Ended, and every sample has been sent or given out as a frame. */
  get drained(): boolean {
    return this.#ended && this.#chunks.length === 0 && this.#filled === 0 && this.#resamplerDrained;
  }

  /** The next 20 ms, the last ones filled up with silence; `undefined` when there is not enough. Reused. */
  nextFrame(): Int16Array | undefined {
    this.#fill();
    const frame = this.#frame;
    if (this.#filled < frame.length) {
      if (!this.#ended || this.#filled === 0) return undefined;
      frame.fill(0, this.#filled);
    }
    this.#filled = 0;
    return frame;
  }

  /** A frame of it is on its way. */
  sent(): void {
    this.#framesSent++;
  }

  /** A frame that was on its way will be sent again. */
  takeBack(): void {
    this.#framesSent--;
  }

  /** Frames that are on their way and were not heard yet. */
  get framesInAir(): number {
    return this.#framesSent - this.#framesHeard;
  }

  /** A frame of it was heard. */
  heard(nowMs: number): void {
    this.#framesHeard++;
    if (this.#state !== 'waiting') return;
    this.#state = 'playing';
    this.#options.onStarted?.(nowMs);
  }

  finish(state: 'complete' | 'stopped'): SegmentReport {
    const report = { playedMs: this.playedMs, writtenMs: this.writtenMs, complete: state === 'complete' };
    if (!this.#over) {
      this.#state = state;
      this.#chunks.length = 0;
      this.#resolve(report);
      this.#options.onFinished?.(report);
    }
    return report;
  }

  get #over(): boolean {
    return this.#state === 'complete' || this.#state === 'stopped';
  }

  get #resamplerDrained(): boolean {
    if (!this.#resampler) return true;
    // What the filter still holds comes out now or never; at most a frame is left after all input was taken.
    this.#fill();
    return this.#filled === 0;
  }

  #fill(): void {
    const frame = this.#frame;
    const resampler = this.#resampler;
    if (resampler) this.#filled += resampler.produce(frame, this.#filled);
    while (this.#filled < frame.length && this.#chunks.length > 0) {
      const chunk = this.#chunks[0]!;
      if (resampler) {
        this.#offset += resampler.feed(chunk, this.#offset);
        this.#filled += resampler.produce(frame, this.#filled);
      } else {
        const count = Math.min(frame.length - this.#filled, chunk.length - this.#offset);
        for (let index = 0; index < count; index++) frame[this.#filled + index] = chunk[this.#offset + index]!;
        this.#filled += count;
        this.#offset += count;
      }
      if (this.#offset === chunk.length) {
        this.#chunks.shift();
        this.#offset = 0;
      }
    }
    if (resampler && this.#ended && this.#chunks.length === 0 && this.#filled < frame.length) {
      resampler.finish();
      this.#filled += resampler.produce(frame, this.#filled);
    }
  }
}
