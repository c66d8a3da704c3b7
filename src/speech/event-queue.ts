/**
 * Events for one reader: pushed by whoever has them, read by `for await`. What is pushed after the end is
 * dropped. Nothing is lost while nobody reads; bounding it is up to the writer.
 */
export class EventQueue<Event> implements AsyncIterable<Event> {
  readonly #waiting: Event[] = [];
  #reader: PromiseWithResolvers<IteratorResult<Event>> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  push(event: Event): void {
    if (this.#ended) return;
    if (this.#reader) this.#answer({ done: false, value: event });
    else this.#waiting.push(event);
  }

  /** The iteration ends when what was pushed before has been read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#answer({ done: true, value: undefined });
  }

  /** The iteration throws `error` when what was pushed before has been read. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.reject(error);
    else this.#failure = { error };
  }

  /** The iteration ends now: what has not been read is dropped. */
  endNow(): void {
    this.#waiting.length = 0;
    this.#failure = undefined;
    this.end();
  }

  [Symbol.asyncIterator](): AsyncIterator<Event> {
    return {
      next: () => this.#next(),
      return: () => {
        this.endNow();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Promise<IteratorResult<Event>> {
    if (this.#waiting.length > 0) return Promise.resolve({ done: false, value: this.#waiting.shift() as Event });
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    this.#reader ??= Promise.withResolvers<IteratorResult<Event>>();
    return this.#reader.promise;
  }

  #answer(result: IteratorResult<Event>): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(result);
  }
}
