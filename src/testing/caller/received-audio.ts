export interface ReceivedPacket {
  /** `performance.now()` when it came out of decryption in this process. */
  readonly atMs: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

export interface ReceivedSummary {
  readonly packets: number;
  /** Sequence numbers that should have come and did not. */
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
}

/** The RTP packets that a caller got, in order of arrival. */
export class ReceivedAudio {
  readonly #keep: boolean;
  readonly packets: ReceivedPacket[] = [];
  readonly #seen = new Set<number>();
  readonly #waiting = new Set<() => void>();
  #count = 0;
  #first: number | undefined;
  #highest = 0;
  #duplicates = 0;
  #reordered = 0;
  #firstAtMs: number | undefined;

  /** @param keep false where only the summary is wanted, in long runs. */
  constructor(keep: boolean) {
    this.#keep = keep;
  }

  get count(): number {
    return this.#count;
  }

  /** `performance.now()` of the first packet. */
  get firstAtMs(): number | undefined {
    return this.#firstAtMs;
  }

  get summary(): ReceivedSummary {
    const expected = this.#first === undefined ? 0 : this.#highest - this.#first + 1;
    return {
      packets: this.#count,
      lost: expected - (this.#count - this.#duplicates),
      duplicates: this.#duplicates,
      reordered: this.#reordered,
    };
  }

  add(packet: ReceivedPacket): void {
    this.#count++;
    this.#firstAtMs ??= packet.atMs;
    if (this.#keep) this.packets.push(packet);
    this.#countSequence(packet.sequence);
    for (const look of this.#waiting) look();
  }

  /** Resolves when `count` packets have come in all. The caller of this brings the deadline. */
  async atLeast(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (this.#count >= count) resolve();
    };
    this.#waiting.add(look);
    look();
    await promise.finally(() => this.#waiting.delete(look));
  }

  #countSequence(sequence: number): void {
    if (this.#first === undefined) {
      this.#first = this.#highest = sequence;
      this.#seen.add(sequence);
      return;
    }
    // The nearest number to the highest one that ends in these 16 bits (RFC 3550, appendix A.1).
    const step = ((sequence - this.#highest + 0x8000) & 0xffff) - 0x8000;
    const unwrapped = this.#highest + step;
    if (this.#seen.has(unwrapped)) {
      this.#duplicates++;
      return;
    }
    this.#seen.add(unwrapped);
    if (unwrapped > this.#highest) this.#highest = unwrapped;
    else this.#reordered++;
    if (unwrapped < this.#first) this.#first = unwrapped;
    if (this.#seen.size > 2_000) for (const old of this.#seen) if (old < this.#highest - 1_000) this.#seen.delete(old);
  }
}
