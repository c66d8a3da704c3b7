import type { Clock } from '../../platform/clock.ts';
import type { OpusSampleRate } from '../audio/opus-types.ts';
import { Resampler, ResamplerFilter } from '../audio/resampler.ts';
import type { SpeakerOutlet } from '../audio/speaker-outlet.ts';
import type { CallEventName, CallEvents } from '../protocol.ts';
import type { Mp3Encoder } from '../transcoding/transcoder.ts';
import { PlayedClock } from './played-clock.ts';

/** MP3 takes it, speech needs no more, and the engines speak at it or near it. */
export const MOUTH_SAMPLE_RATE = 24_000;
/**
 * By how much the sound comes later out of the decoder than it went into the encoder: 576 samples of LAME's and 529 of
 * every decoder's (https://lame.sourceforge.io/tech-FAQ.txt).
 */
const CODEC_DELAY_MS = (1_105 * 1_000) / MOUTH_SAMPLE_RATE;
/** What brings the last sound out of the encoder: its delay, its window and a frame that is begun. */
const TAIL_MS = 120;
const FRAME_MS = 20;
const NONE: readonly number[] = [];
/**
 * Kept on the page, against a network that stumbles: a packet that TCP has to send twice holds up all behind it for 200 ms
 * and a round trip (RFC 6298, and Linux's least of it).
 */
const KEPT_MS = 600;
/** With less than this written and not heard, a beginning is sent as fast as it is there: it would not outlast a stumble. */
const EARLY_MS = 400;
/** With less on the page than this, a sound that has ended is brought out of the encoder. */
const FLUSH_BELOW_MS = 300;
/** One message carries at least so much time, after the first. */
const MESSAGE_EVERY_MS = 40;
/** The page may be gone when it says nothing for so long in mid-sound: nothing more is sent to it. */
const SILENT_PAGE_MS = 4_000;

export interface SocketMouthOptions {
  readonly encoder: Mp3Encoder;
  /** Numbers the streams of a call; the page tells late messages of an earlier one by it. */
  readonly stream: number;
  readonly clock: Clock;
  readonly send: <Name extends CallEventName>(name: Name, payload: CallEvents[Name]) => void;
  readonly onFailed: (error: unknown) => void;
}

/** The tutor's voice as MP3 over the socket: a little faster than real time until enough of it is on the page. */
export class SocketMouth implements SpeakerOutlet {
  readonly #options: SocketMouthOptions;
  readonly #played = new PlayedClock();
  /** Where each frame ends in the stream, of those that were not counted as heard yet. */
  readonly #frameEndsMs: number[] = [];
  readonly #resamplers = new Map<number, (frame: Int16Array) => Int16Array>();
  #waiting: Uint8Array[] = [];
  #sentAtMs = -Infinity;
  #reportedAtMs = 0;
  #flushDue = false;
  #pausedPage = false;
  #closed = false;

  constructor(options: SocketMouthOptions) {
    this.#options = options;
    void this.#carry();
  }

  framesWanted(nowMs: number): number {
    if (this.#waiting.length > 0) this.#sendIfDue(nowMs);
    const aheadMs = this.#played.aheadMs(nowMs);
    // What is in the encoder and on its way, and what the page has played and could not say yet, is not there.
    const keptMs = aheadMs - this.#played.lagMs;
    if (this.#flushDue && keptMs < FLUSH_BELOW_MS) this.#flushTail(nowMs);
    if (aheadMs > 0 && nowMs - this.#reportedAtMs > SILENT_PAGE_MS) return 0;
    if (aheadMs < EARLY_MS) return 5;
    return keptMs < KEPT_MS - FRAME_MS ? 2 : keptMs < KEPT_MS ? 1 : 0;
  }

  write(frame: Int16Array, sampleRate: OpusSampleRate): void {
    const nowMs = this.#now();
    this.#flushDue = false;
    if (this.#played.aheadMs(nowMs) <= 0) this.#reportedAtMs = nowMs;
    this.#played.wrote(FRAME_MS, nowMs);
    this.#frameEndsMs.push(this.#played.writtenMs);
    this.#encode(sampleRate === MOUTH_SAMPLE_RATE ? frame : this.#resample(frame, sampleRate));
  }

  flush(): void {
    this.#flushDue = true;
  }

  framesHeard(nowMs: number): readonly number[] {
    const heardMs = this.#played.heardMs(nowMs);
    let heard = 0;
    while (heard < this.#frameEndsMs.length && this.#frameEndsMs[heard]! <= heardMs) heard++;
    if (heard === 0) return NONE;
    return this.#frameEndsMs.splice(0, heard).map((endMs) => nowMs - (heardMs - endMs) - FRAME_MS);
  }

  pause(): void {
    if (this.#pausedPage) return;
    this.#pausedPage = true;
    this.#played.pause(this.#now());
    this.#options.send('voice:pause', { stream: this.#options.stream });
  }

  resume(): void {
    if (!this.#pausedPage) return;
    this.#pausedPage = false;
    this.#played.resume(this.#now());
    this.#reportedAtMs = this.#now();
    this.#options.send('voice:resume', { stream: this.#options.stream });
  }

  drop(): void {
    const { send, stream } = this.#options;
    this.#frameEndsMs.length = 0;
    this.#pausedPage = false;
    this.#flushDue = false;
    // What is still in the encoder belongs to it, too; all of it is sent nevertheless, since the page counts by what comes.
    this.#encode(new Int16Array((MOUTH_SAMPLE_RATE * TAIL_MS) / 1_000));
    this.#played.wrote(TAIL_MS, this.#now());
    const beforeMs = Math.floor(this.#played.writtenMs + CODEC_DELAY_MS - TAIL_MS);
    this.#played.drop(beforeMs - CODEC_DELAY_MS, this.#now());
    send('voice:drop', { stream, before_ms: beforeMs });
  }

  /** The page has played so much of the stream, by its own count of decoded sound. */
  report(playedMs: number): void {
    this.#reportedAtMs = this.#now();
    this.#played.report(playedMs - CODEC_DELAY_MS, this.#reportedAtMs);
  }

  close(): void {
    this.#closed = true;
    void this.#options.encoder.close();
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #flushTail(nowMs: number): void {
    this.#flushDue = false;
    this.#played.wrote(TAIL_MS, nowMs);
    this.#encode(new Int16Array((MOUTH_SAMPLE_RATE * TAIL_MS) / 1_000));
  }

  #encode(samples: Int16Array): void {
    if (samples.length > 0) this.#options.encoder.write(samples).catch((error: unknown) => this.#fail(error));
  }

  #resample(frame: Int16Array, sampleRate: number): Int16Array {
    let resample = this.#resamplers.get(sampleRate);
    if (!resample) this.#resamplers.set(sampleRate, (resample = resamplerFrom(sampleRate)));
    return resample(frame);
  }

  async #carry(): Promise<void> {
    try {
      for await (const chunk of this.#options.encoder.chunks) {
        if (this.#closed) return;
        this.#waiting.push(chunk);
        this.#sendIfDue(this.#now());
      }
      if (!this.#closed) this.#fail(new Error('The encoder ended by itself'));
    } catch (error) {
      this.#fail(error);
    }
  }

  #sendIfDue(nowMs: number): void {
    if (nowMs - this.#sentAtMs < MESSAGE_EVERY_MS) return;
    this.#sentAtMs = nowMs;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#options.send('voice:sound', { stream: this.#options.stream, bytes });
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#options.onFailed(error);
  }
}

/** A stream of frames at one rate to `MOUTH_SAMPLE_RATE`. */
function resamplerFrom(sampleRate: number): (frame: Int16Array) => Int16Array {
  const resampler = new Resampler(new ResamplerFilter(sampleRate, MOUTH_SAMPLE_RATE));
  const out = new Int16Array(2 * (MOUTH_SAMPLE_RATE / 50));
  return (frame) => {
    let produced = 0;
    for (let offset = 0; offset < frame.length;) {
      offset += resampler.feed(frame, offset);
      produced += resampler.produce(out, produced);
    }
    return out.slice(0, produced);
  };
}
