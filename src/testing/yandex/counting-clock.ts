import { type Clock, systemClock, type Timer } from '../../platform/clock.ts';

/** Real time that knows how many timers are still to fire. */
export class CountingClock implements Clock {
  readonly #pending = new Set<object>();

  get pending(): number {
    return this.#pending.size;
  }

  now(): Date {
    return systemClock.now();
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  after(delayMs: number, task: () => void): Timer {
    const key = {};
    this.#pending.add(key);
    const timer = systemClock.after(delayMs, () => {
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
