/** What a network does to the packets of one direction. Everything left out is perfect. */
export interface NetworkConditions {
  /** Share of packets that never come, each by itself. */
  readonly lossPercent?: number;
  /** Every packet takes at least this long. */
  readonly delayMs?: number;
  /** On top of it each packet takes some time of its own: evenly spread over 0…`jitterMs`. */
  readonly jitterMs?: number;
  /** Share of packets that are held back by `reorderMs`, so that later ones overtake them. */
  readonly reorderPercent?: number;
  /** Default 50. */
  readonly reorderMs?: number;
  /** Share of packets that come twice. */
  readonly duplicatePercent?: number;
}

/** A copy that comes 5 ms after the first. */
const DUPLICATE_AFTER_MS = 5;

/** Decides packet by packet what becomes of it: the same in every run with the same seed. No timers. */
export class Fate {
  readonly #random: () => number;
  #conditions: NetworkConditions;

  constructor(conditions: NetworkConditions, seed: number) {
    this.#conditions = conditions;
    this.#random = randomNumbers(seed);
  }

  /** From the next packet on. What the random numbers are goes on as it was. */
  change(conditions: NetworkConditions): void {
    this.#conditions = conditions;
  }

  /** After how many ms the next packet comes out, for each copy of it; empty: it is lost. */
  next(): readonly number[] {
    const { lossPercent = 0, delayMs = 0, jitterMs = 0, reorderPercent = 0, reorderMs = 50 } = this.#conditions;
    const { duplicatePercent = 0 } = this.#conditions;
    // Always as many numbers, so that a change of one condition leaves the others' rolls as they were.
    const [loss, jitter, reorder, duplicate] = [this.#random(), this.#random(), this.#random(), this.#random()];
    if (loss * 100 < lossPercent) return [];
    const after = delayMs + jitter * jitterMs + (reorder * 100 < reorderPercent ? reorderMs : 0);
    return duplicate * 100 < duplicatePercent ? [after, after + DUPLICATE_AFTER_MS] : [after];
  }
}

/** Numbers in [0, 1): mulberry32 (T. Ettinger, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
