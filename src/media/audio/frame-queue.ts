const FRAME_MS = 20;
/** A browser's recorder gives out 60 ms at a time: less cannot be played through. */
const FIRST_TARGET_MS = 80;
const MAX_TARGET_MS = 300;
const LONGER_MS = 40;
/** What lies above the target by so much is left out of the next pause. */
const EXCESS_MS = 140;
/** Beyond this it is left out whatever is said: a network that was held up must not delay the rest of the call. */
const MAX_QUEUED_MS = 1_500;
/** Frames without a lack after which a little less is kept. */
const CALM_FRAMES = 750;

export interface FrameQueueStats {
  readonly framesTaken: number;
  /** Times that nothing was there in mid-stream. */
  readonly underruns: number;
  /** Left out to shorten the delay. */
  readonly framesDropped: number;
  readonly queuedMs: number;
  readonly targetMs: number;
}

/**
 * Frames that come in bursts, handed out one each 20 ms. How much is kept back grows with each lack and shrinks in calm.
 */
export class FrameQueue {
  readonly #frames: Int16Array[] = [];
  #targetMs = FIRST_TARGET_MS;
  #filling = true;
  #pushedAtMs = 0;
  #calm = 0;
  #taken = 0;
  #underruns = 0;
  #dropped = 0;

  get queuedMs(): number {
    return this.#frames.length * FRAME_MS;
  }

  /** How long ago the end of the frame that was taken last came in. */
  ageMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#pushedAtMs) + this.queuedMs;
  }

  /** 320 samples at 16 kHz; the queue owns the array from now on. `nowMs` is monotonic. */
  push(frame: Int16Array, nowMs: number): void {
    this.#pushedAtMs = nowMs;
    this.#frames.push(frame);
    if (this.queuedMs > MAX_QUEUED_MS) this.#shorten();
  }

  /** The next frame, or nothing. `pause`: nobody speaks, so that a frame may be left out or waited for unheard. */
  take(pause: boolean): Int16Array | undefined {
    if (this.#filling && this.queuedMs < this.#targetMs) return undefined;
    this.#filling = false;
    if (pause && this.queuedMs > this.#targetMs + EXCESS_MS) this.#shorten();
    const frame = this.#frames.shift();
    if (!frame) {
      this.#filling = true;
      this.#underruns++;
      this.#calm = 0;
      this.#targetMs = Math.min(MAX_TARGET_MS, this.#targetMs + LONGER_MS);
      return undefined;
    }
    this.#taken++;
    if (++this.#calm >= CALM_FRAMES) {
      this.#calm = 0;
      this.#targetMs = Math.max(FIRST_TARGET_MS, this.#targetMs - FRAME_MS);
    }
    return frame;
  }

  /** Another stream begins: what is left of the old one still plays. */
  restart(): void {
    this.#filling = true;
  }

  stats(): FrameQueueStats {
    return {
      framesTaken: this.#taken,
      underruns: this.#underruns,
      framesDropped: this.#dropped,
      queuedMs: this.queuedMs,
      targetMs: this.#targetMs,
    };
  }

  #shorten(): void {
    const excess = Math.floor((this.queuedMs - this.#targetMs) / FRAME_MS);
    this.#frames.splice(0, excess);
    this.#dropped += excess;
  }
}
