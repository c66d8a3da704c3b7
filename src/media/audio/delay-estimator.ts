const BUCKET_MS = 5;
const WINDOW_MS = 1_000;
/** How much one packet counts; a spike is forgotten after some four seconds of talk. */
const SHARE_PER_PACKET = 0.005;
/** A transit time that differs by more than this is another clock, not the network. */
const OTHER_CLOCK_MS = 1_000;

export interface DelayLimits {
  /** What is assumed until packets have been seen. Default 40. */
  readonly initialMs?: number;
  /** Default 20. */
  readonly minMs?: number;
  /** Default 200. */
  readonly maxMs?: number;
  /** The share of packets that should come in time. Default 0.97. */
  readonly quantile?: number;
}

/**
 * How long to hold packets back so that most come in time, as NetEQ's delay manager decides it: each packet's
 * transit time is compared to the fastest one of the last seconds, the differences go into a histogram that
 * forgets, and the wanted delay is a high quantile of it.
 * (WebRTC, `modules/audio_coding/neteq/delay_manager.cc`.)
 */
export class DelayEstimator {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #quantile: number;
  readonly #shares: Float64Array;
  /** The fastest transit of this window and of the one before. */
  #fastest = Infinity;
  #fastestBefore = Infinity;
  #windowEndsMs = -Infinity;
  /** What the jitter asks for, before the limits. */
  #neededMs: number;
  #extraMs = 0;

  constructor({ initialMs = 40, minMs = 20, maxMs = 200, quantile = 0.97 }: DelayLimits = {}) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#quantile = quantile;
    this.#shares = new Float64Array(Math.ceil(maxMs / BUCKET_MS) + 1);
    this.#neededMs = Math.min(maxMs, Math.max(minMs, initialMs));
    this.#shares[Math.floor((this.#neededMs - 1) / BUCKET_MS)] = 1;
  }

  /** The fastest transit that is known: arrival minus media time, in ms of no meaning by themselves. */
  get fastestMs(): number {
    return Math.min(this.#fastest, this.#fastestBefore);
  }

  get targetMs(): number {
    return Math.min(this.#maxMs, Math.max(this.#minMs, this.#neededMs + this.#extraMs));
  }

  /** What is waited for beside the jitter: the next packet, where it has a copy of the one before. */
  set extraMs(ms: number) {
    this.#extraMs = ms;
  }

  /**
   * A packet with media time `mediaMs` came at `nowMs`.
   * Returns true when the sender's clock has been found to be another one than before.
   */
  observe(mediaMs: number, nowMs: number): boolean {
    const transit = nowMs - mediaMs;
    const known = this.fastestMs;
    const otherClock = known !== Infinity && Math.abs(transit - known) > OTHER_CLOCK_MS;
    if (otherClock || known === Infinity) {
      this.#fastest = transit;
      this.#fastestBefore = Infinity;
      this.#windowEndsMs = nowMs + WINDOW_MS;
      return otherClock;
    }
    if (nowMs >= this.#windowEndsMs) {
      this.#fastestBefore = this.#fastest;
      this.#fastest = transit;
      this.#windowEndsMs = nowMs + WINDOW_MS;
    } else if (transit < this.#fastest) {
      this.#fastest = transit;
    }
    const behindMs = transit - this.fastestMs;
    // What no delay of ours could have waited for teaches nothing.
    if (behindMs < 2 * this.#maxMs) this.#count(behindMs);
    return false;
  }

  #count(behindMs: number): void {
    const shares = this.#shares;
    const bucket = Math.min(shares.length - 1, Math.floor(behindMs / BUCKET_MS));
    for (let index = 0; index < shares.length; index++) shares[index]! *= 1 - SHARE_PER_PACKET;
    shares[bucket]! += SHARE_PER_PACKET;

    let sum = 0;
    let covered = 0;
    while (covered < shares.length - 1 && (sum += shares[covered]!) < this.#quantile) covered++;
    this.#neededMs = (covered + 1) * BUCKET_MS;
  }
}
