import type { Clock, Timer } from '../platform/clock.ts';

interface PlannedTask {
  readonly dueMs: number;
  readonly run: () => void;
}

const STEP_MS = 5;
/** What a step counts for at most. */
const LONGEST_STEP_MS = 10;

/**
 * Real time, but only what this process lived of it: while the machine gives it no core, the clock stands. So a short
 * deadline means "nothing came although there was every chance", never "the machine was busy", and a test may wait for
 * one without waiting long. For engines whose other side is in the same process. Without timers it does not go by
 * itself: what is waited for then is not seen.
 */
export class LivedClock implements Clock {
  readonly #tasks = new Set<PlannedTask>();
  #ticker: NodeJS.Timeout | undefined;
  #livedMs = 0;
  #countedAtMs = performance.now();

  now(): Date {
    return new Date();
  }

  monotonicMs(): number {
    const nowMs = performance.now();
    this.#livedMs += Math.min(nowMs - this.#countedAtMs, LONGEST_STEP_MS);
    this.#countedAtMs = nowMs;
    return this.#livedMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const task = { dueMs: this.monotonicMs() + Math.max(0, delayMs), run };
    this.#tasks.add(task);
    this.#ticker ??= setInterval(() => this.#tick(), STEP_MS);
    return { cancel: () => this.#forget(task) };
  }

  #forget(task: PlannedTask): void {
    this.#tasks.delete(task);
    if (this.#tasks.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #tick(): void {
    const nowMs = this.monotonicMs();
    const due = [...this.#tasks].filter(({ dueMs }) => dueMs <= nowMs).toSorted((a, b) => a.dueMs - b.dueMs);
    for (const task of due) {
      if (!this.#tasks.has(task)) continue;
      this.#forget(task);
      task.run();
    }
  }
}
