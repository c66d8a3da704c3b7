/** Lets a bounded number in at a time; the others wait in order. */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Waits for a place. Answers how to leave it (idempotent), or `undefined` when `signal` aborts first. */
  async enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined;
    if (this.#free > 0) this.#free--;
    else if (!(await this.#wait(signal))) return undefined;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      // The place goes from hand to hand, so that nobody can slip in between.
      if (next) next();
      else this.#free++;
    };
  }

  async #wait(signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const admit = () => resolve(true);
    const giveUp = () => {
      const place = this.#waiting.indexOf(admit);
      // Not among the waiting: admitted already, and the place is ours.
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      resolve(false);
    };
    this.#waiting.push(admit);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }
}
