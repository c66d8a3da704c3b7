import type { Clock, Timer } from '../../platform/clock.ts';

/** One timer for the next deadline of somebody's rules. */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #onTime: (atMs: number) => void;
  #timer: Timer | undefined;

  /** @param onTime gets the monotonic time, never earlier than the deadline: a timer may fire a fraction early */
  constructor(clock: Clock, onTime: (atMs: number) => void) {
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** In place of the one before; `undefined`: time alone brings nothing. */
  set(deadlineMs: number | undefined): void {
    this.#timer?.cancel();
    if (deadlineMs === undefined) return;
    const clock = this.#clock;
    this.#timer = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), () =>
      this.#onTime(Math.max(deadlineMs, clock.monotonicMs())),
    );
  }

  /** Idempotent. */
  cancel(): void {
    this.#timer?.cancel();
  }
}
