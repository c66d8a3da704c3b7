/** Ticks listeners every 20 ms, on absolute deadlines: one timer for all callers of a process. */

const FRAME_MS = 20;
const STEP_MS = 5;
const PHASES = FRAME_MS / STEP_MS;

interface Listener {
  readonly phase: number;
  readonly tick: () => void;
}

export class FrameClock {
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #startMs = 0;
  #step = 0;

  /** Returns the function that ends the ticking. The phases of the listeners are spread over the 20 ms. */
  every20Ms(tick: () => void): () => void {
    const phase = this.#leastUsedPhase();
    const listener = { phase, tick };
    this.#listeners.add(listener);
    if (!this.#timer) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  #start(): void {
    this.#startMs = performance.now();
    this.#step = 0;
    this.#schedule();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    const dueMs = this.#startMs + (this.#step + 1) * STEP_MS;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, dueMs - performance.now()));
  }

  #run(): void {
    const due = Math.floor((performance.now() - this.#startMs) / STEP_MS);
    while (this.#step < due) {
      this.#step++;
      const phase = this.#step % PHASES;
      for (const listener of this.#listeners) {
        if (listener.phase === phase) listener.tick();
      }
    }
    if (this.#timer) this.#schedule();
  }

  #leastUsedPhase(): number {
    const uses = Array.from({ length: PHASES }, () => 0);
    for (const { phase } of this.#listeners) uses[phase] = (uses[phase] ?? 0) + 1;
    return uses.indexOf(Math.min(...uses));
  }
}
