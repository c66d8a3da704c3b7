import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { Clock, Timer } from '../platform/clock.ts';

interface PlannedTask {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that a test moves by hand. Timers fire in the order of their deadlines. */
export class FakeClock implements Clock {
  readonly #startedAt: number;
  #nowMs = 0;
  #order = 0;
  readonly #tasks = new Set<PlannedTask>();

  constructor(startedAt: Date = new Date('2026-01-05T09:00:00Z')) {
    this.#startedAt = startedAt.getTime();
  }

  now(): Date {
    return new Date(this.#startedAt + this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const task = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#tasks.add(task);
    return { cancel: () => this.#tasks.delete(task) };
  }

  /** Moves time on by `ms`, running what falls due and letting promises settle after each task. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settlePromises();
    for (;;) {
      const next = this.#next(untilMs);
      if (!next) break;
      this.#tasks.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await settlePromises();
    }
    this.#nowMs = untilMs;
    await settlePromises();
  }

  #next(untilMs: number): PlannedTask | undefined {
    return [...this.#tasks]
      .filter(({ dueMs }) => dueMs <= untilMs)
      .toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }
}

/** Two turns of the event loop: enough for chains of resolved promises and for an async iterator's hand-over. */
export async function settlePromises(): Promise<void> {
  await turnOfTheLoop();
  await turnOfTheLoop();
}
