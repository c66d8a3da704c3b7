import { median } from './percentiles.ts';

/** RTP's clock for Opus: 48 ticks a millisecond (RFC 7587, section 4.1). */
const TICKS_PER_MS = 48;

/**
 * One call's packets against the 20 ms grid that their RTP timestamps lay out. Where the grid lies is not known to the
 * receiver, so it is put through the median of the arrivals: a constant delay does not count, early and late do.
 */
export class ArrivalGrid {
  #offsetsMs: number[] = [];
  #lastTimestamp: number | undefined;
  #ticks = 0;

  add(timestamp: number, atMs: number): void {
    // A step of 32 bits with its sign, so that the clock's wrap-around is no jump.
    if (this.#lastTimestamp !== undefined) this.#ticks += (timestamp - this.#lastTimestamp) | 0;
    this.#lastTimestamp = timestamp;
    this.#offsetsMs.push(atMs - this.#ticks / TICKS_PER_MS);
  }

  /** Forgets the arrivals so far; the grid's clock goes on. */
  restart(): void {
    this.#offsetsMs = [];
  }

  distancesMs(): readonly number[] {
    const centre = median(this.#offsetsMs);
    return this.#offsetsMs.map((offset) => Math.round(Math.abs(offset - centre) * 100) / 100);
  }
}
