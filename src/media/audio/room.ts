interface Waiter {
  readonly resolve: () => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/** Those who wait until a queue has room. */
export class Room {
  readonly #waiters = new Set<Waiter>();

  get awaited(): boolean {
    return this.#waiters.size > 0;
  }

  /** Resolves at the next `admit`. @throws the signal's reason when it aborts. */
  wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      resolve,
      signal,
      onAbort: () => {
        this.#waiters.delete(waiter);
        reject(signal.reason as Error);
      },
    };
    this.#waiters.add(waiter);
    signal.addEventListener('abort', waiter.onAbort, { once: true });
    return promise;
  }

  admit(): void {
    for (const { resolve, signal, onAbort } of this.#waiters) {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }
    this.#waiters.clear();
  }
}
