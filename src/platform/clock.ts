/** Time as an argument, so that tests decide it. */
export interface Clock {
  /** Wall time. For rows and people, never for durations. */
  now(): Date;
  /** Milliseconds on a clock that never steps; only differences mean something. */
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`; the returned timer can be cancelled any number of times. */
  after(delayMs: number, task: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
