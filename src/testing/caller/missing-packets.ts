/** So often a packet is asked for, at most: each time another one comes. */
const MOST_REQUESTS = 10;
/** What is older has missed its time. */
const MOST_MISSING = 50;

/** Finds the gaps in a stream of sequence numbers, for asking again by NACK (RFC 4585, section 6.2.1). */
export class MissingPackets {
  readonly #requests = new Map<number, number>();
  #highest: number | undefined;

  /** A packet came; answers with the numbers to ask for now. */
  after(sequence: number): number[] {
    this.#requests.delete(sequence);
    this.#highest ??= sequence;
    const step = (sequence - this.#highest) & 0xffff;
    if (step < 0x8000) {
      for (let back = step - 1; back > 0; back--) this.#requests.set((sequence - back) & 0xffff, 0);
      this.#highest = sequence;
    }
    for (const [missing, requests] of this.#requests) {
      if (requests >= MOST_REQUESTS || this.#requests.size > MOST_MISSING) this.#requests.delete(missing);
      else this.#requests.set(missing, requests + 1);
    }
    return [...this.#requests.keys()];
  }
}
