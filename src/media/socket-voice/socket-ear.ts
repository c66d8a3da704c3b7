import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { FrameQueue } from '../audio/frame-queue.ts';
import type { AudioDecoder, Transcoder } from '../transcoding/transcoder.ts';
import type { DecodeLimits } from '../transcoding/transcoding-limits.ts';

/** Browsers record speech at up to 128 kbit/s; three times that is a mistake or an attack. */
const BYTES_PER_SECOND = 48 * 1_024;
/** What may come at once, after a network that was held up. */
const BURST_BYTES = 512 * 1_024;
/** What may wait for the decoder. */
const MAX_WAITING_BYTES = 512 * 1_024;

/** A call lasts; what it may cost is bounded by the bytes a second. */
const CALL_LIMITS: DecodeLimits = {
  maxBytes: 1_024 * 1_024 * 1_024,
  // A recorder that is listened to meanwhile writes its index first.
  maxHeldBytes: 64 * 1_024,
  maxDurationMs: 12 * 3_600_000,
  cpuSeconds: 3_600,
  memoryBytes: 256 * 1_024 * 1_024,
  stallMs: 15_000,
};

export interface SocketEarOptions {
  readonly transcoder: Transcoder;
  readonly queue: FrameQueue;
  readonly clock: Clock;
  /** What was recorded cannot be decoded, or comes too fast. */
  readonly onFailed: (error: unknown) => void;
}

/** What the page's recorder gives, decoded to frames: one decoder a recorder, one recorder at a time. */
export class SocketEar {
  readonly #options: SocketEarOptions;
  #decoder: AudioDecoder | undefined;
  #abort = new AbortController();
  #waitingBytes = 0;
  #budgetBytes = BURST_BYTES;
  #budgetAtMs: number;

  constructor(options: SocketEarOptions) {
    this.#options = options;
    this.#budgetAtMs = options.clock.monotonicMs();
  }

  /** Another recorder begins; what the one before left behind is not decoded any more. @throws AppError `transcoder_unavailable` */
  listen(container: 'webm' | 'mp4' | 'ogg'): void {
    this.close();
    this.#abort = new AbortController();
    const decoder = this.#options.transcoder.decode({ container, signal: this.#abort.signal, limits: CALL_LIMITS });
    this.#decoder = decoder;
    this.#waitingBytes = 0;
    this.#options.queue.restart();
    void this.#read(decoder);
  }

  write(bytes: Uint8Array): void {
    const decoder = this.#decoder;
    if (!decoder) return;
    this.#waitingBytes += bytes.length;
    if (!this.#spend(bytes.length) || this.#waitingBytes > MAX_WAITING_BYTES) return this.#fail(decoder, tooFast());
    decoder.write(bytes).then(
      () => {
        // What an earlier one takes is counted no more.
        if (decoder === this.#decoder) this.#waitingBytes -= bytes.length;
      },
      (error: unknown) => this.#fail(decoder, error),
    );
  }

  /** Idempotent. */
  close(): void {
    this.#decoder = undefined;
    this.#abort.abort();
  }

  async #read(decoder: AudioDecoder): Promise<void> {
    try {
      for await (const frame of decoder.frames) {
        if (decoder !== this.#decoder) return;
        this.#options.queue.push(frame, this.#options.clock.monotonicMs());
      }
      this.#fail(decoder, new Error('The decoder ended by itself'));
    } catch (error) {
      this.#fail(decoder, error);
    }
  }

  /** A bucket that fills at the allowed rate. */
  #spend(bytes: number): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const filled = this.#budgetBytes + ((nowMs - this.#budgetAtMs) / 1_000) * BYTES_PER_SECOND;
    this.#budgetAtMs = nowMs;
    this.#budgetBytes = Math.min(BURST_BYTES, filled) - bytes;
    return this.#budgetBytes >= 0;
  }

  #fail(decoder: AudioDecoder, error: unknown): void {
    // One that was replaced or closed has nothing to say.
    if (decoder !== this.#decoder) return;
    this.close();
    this.#options.onFailed(error);
  }
}

function tooFast(): AppError {
  return new AppError({
    code: 'voice_too_fast',
    kind: 'too_many',
    message: 'More sound came in a short time than a voice has.',
    retryable: true,
  });
}
