import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';

/**
 * One call's three duties in a slot of 20 ms. `slotMs` is the slot's own time on the monotonic clock, not
 * the time at which the timer fired; successive slots of a call are exactly 20 ms apart.
 */
export interface PacedCall {
  /** Hand out the packet that was prepared. Must be quick: every other call of the slot waits for it. */
  send(slotMs: number): void;
  /** Take 20 ms out of the jitter buffer. */
  hear(slotMs: number): void;
  /** Encode the packet for the next slot. */
  prepare(slotMs: number): void;
}

export interface PacerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Gets `media_pacer_lateness_seconds` and `media_pacer_skipped_slots_total`. */
  readonly metrics?: Metrics;
  /** Runs in every slot after all `hear`: where voice activity is detected for all calls at once. */
  readonly afterHearing?: () => void;
  /** Slots made up for after a stall, at most; more are skipped. Default 5 (100 ms). */
  readonly maxCatchUpSlots?: number;
}

/** The one metronome of a process: a grid of 20 ms on absolute deadlines, split into four phases of 5 ms. */
export class Pacer {
  constructor(_options: PacerOptions) {}

  /** Puts the call into the phase with the fewest calls. Returns the function that takes it off again. */
  add(_call: PacedCall): () => void {
    throw new Error('not written yet');
  }

  /** Stops ticking. Idempotent. */
  close(): void {}
}
