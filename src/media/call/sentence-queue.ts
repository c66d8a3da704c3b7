/** Sentences on their way from the tutor to the voice. One reader. */
export class SentenceQueue implements AsyncIterable<string> {
  readonly #waiting: string[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  add(sentences: readonly string[]): void {
    if (this.#ended) return;
    this.#waiting.push(...sentences);
    this.#wake?.();
  }

  /** No more will come; what is there is still read. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Ends, and drops what is there. */
  close(): void {
    this.#waiting.length = 0;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<string> {
    for (;;) {
      const sentence = this.#waiting.shift();
      if (sentence !== undefined) yield sentence;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}
