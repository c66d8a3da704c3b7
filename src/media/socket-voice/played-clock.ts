/** From a frame's being written to its being heard, when nothing was playing; until the page has said better. */
const FIRST_LAG_MS = 800;
/**
 * The page says when a sound begins, and from then on the time is known: its word is waited for so much longer than it took
 * the last time. A busy page, or a transcoder that has only just been started, must not be counted as heard too early.
 */
const MARGIN_MS = 600;
const MAX_LAG_MS = 1_500;
/** Without the page's word the clock runs on for so long, and no further. */
const TRUSTED_MS = 1_200;

/**
 * How much of a stream of sound the page has played, between the page's reports of it. Positions are milliseconds of the
 * stream from its beginning; times are monotonic.
 */
export class PlayedClock {
  #writtenMs = 0;
  /** At `atMs` the position was, or will be, `positionMs`; from then on it runs. */
  #anchor = { positionMs: 0, atMs: 0 };
  #reportedMs = 0;
  #lagMs = FIRST_LAG_MS;
  /** The stretch of sound that plays without a break, until its first report. */
  #begun: { readonly positionMs: number; readonly atMs: number } | undefined;
  #paused = false;
  /** What a pause leaves of the time until the anchor. */
  #heldMs = 0;
  /** Where the page goes on after the last drop. */
  #droppedMs = 0;

  get writtenMs(): number {
    return this.#writtenMs;
  }

  /** From a sound's being written to the page's word that it is played, as it was the last time that something began. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** Written, and not yet heard. */
  aheadMs(nowMs: number): number {
    return this.#writtenMs - this.heardMs(nowMs);
  }

  wrote(ms: number, nowMs: number): void {
    if (this.heardMs(nowMs) >= this.#writtenMs) {
      this.#begun = { positionMs: this.#writtenMs, atMs: nowMs };
      this.#heldMs = this.#lagMs + MARGIN_MS;
      this.#anchor = { positionMs: this.#writtenMs, atMs: nowMs + this.#heldMs };
      this.#reportedMs = this.#writtenMs;
    }
    this.#writtenMs += ms;
  }

  heardMs(nowMs: number): number {
    const { positionMs, atMs } = this.#anchor;
    const passedMs = this.#paused ? 0 : Math.max(0, nowMs - atMs);
    return Math.min(this.#writtenMs, positionMs + passedMs, this.#reportedMs + TRUSTED_MS + this.#lagMs);
  }

  /** The page says what it has played. */
  report(positionMs: number, nowMs: number): void {
    // Said before it knew of the drop; of the drop itself it says nothing.
    if (positionMs < this.#droppedMs) return;
    // A page may say anything; what was not sent was not played.
    const played = Math.min(positionMs, this.#writtenMs);
    if (this.#begun && played > this.#begun.positionMs) {
      const lagMs = nowMs - this.#begun.atMs - (played - this.#begun.positionMs);
      this.#lagMs = Math.min(MAX_LAG_MS, Math.max(0, lagMs));
      this.#begun = undefined;
    }
    this.#anchor = { positionMs: played, atMs: nowMs };
    this.#heldMs = 0;
    this.#reportedMs = played;
  }

  pause(nowMs: number): void {
    if (this.#paused) return;
    // A beginning that is held up tells nothing of the way.
    this.#begun = undefined;
    this.#heldMs = Math.max(0, this.#anchor.atMs - nowMs);
    this.#anchor = { positionMs: this.heardMs(nowMs), atMs: nowMs };
    this.#paused = true;
  }

  resume(nowMs: number): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#anchor = { ...this.#anchor, atMs: nowMs + this.#heldMs };
  }

  /** What was written and not heard never will be; the page goes on at `pageMs`, in or behind it. */
  drop(pageMs: number, nowMs: number): void {
    this.#paused = false;
    this.#droppedMs = pageMs;
    this.#begun = undefined;
    this.#anchor = { positionMs: this.#writtenMs, atMs: nowMs };
    this.#reportedMs = this.#writtenMs;
  }
}
