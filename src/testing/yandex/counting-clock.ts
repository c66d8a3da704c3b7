import type { Clock, Timer } from '../../platform/clock.ts';
import { LivedClock } from '../lived-clock.ts';

/** The time that this process lives, which knows how many timers are still to fire. */
export class CountingClock implements Clock {
  readonly #lived = new LivedClock();
  readonly #pending = new Set<object>();

  get pending(): number {
    return this.#pending.size;
  }

  now(): Date {
    return this.#lived.now();
  }

  monotonicMs(): number {
    return this.#lived.monotonicMs();
  }

  after(delayMs: number, task: () => void): Timer {
    const key = {};
    this.#pending.add(key);
    const timer = this.#lived.after(delayMs, () => {
      this.#pending.delete(key);
      task();
    });
    return {
      cancel: () => {
        this.#pending.delete(key);
        timer.cancel();
      },
    };
  }
}
