import type { Clock, Timer } from '../../platform/clock.ts';

/** One deadline at a time: each `expect` takes the place of the one before. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #onLate: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, onLate: () => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  expect(withinMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(withinMs, this.#onLate);
  }

  rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
