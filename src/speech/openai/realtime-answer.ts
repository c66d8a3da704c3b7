const SAMPLES_PER_MS = 24;

/** How much of a message of the tutor was heard. */
export interface HeardItem {
  readonly itemId: string;
  readonly heardMs: number;
  readonly receivedMs: number;
}

/** One answer of the vendor: its messages, and how much of each has come. Nearly always it is one message. */
export class RealtimeAnswer {
  readonly id: string;
  readonly #items: { readonly itemId: string; samples: number }[] = [];
  /** Given out as begun. */
  started = false;
  finished = false;
  interrupted = false;
  readonly calls: { readonly callId: string; readonly name: string; readonly arguments: string }[] = [];

  constructor(id: string) {
    this.id = id;
  }

  /** @returns whether the message is new */
  addItem(itemId: string): boolean {
    if (this.#items.some((item) => item.itemId === itemId)) return false;
    this.#items.push({ itemId, samples: 0 });
    return true;
  }

  get itemIds(): readonly string[] {
    return this.#items.map(({ itemId }) => itemId);
  }

  addAudio(itemId: string, samples: number): void {
    const item = this.#items.find((one) => one.itemId === itemId);
    if (item) item.samples += samples;
  }

  get receivedMs(): number {
    return this.#items.reduce((sum, { samples }) => sum + samples, 0) / SAMPLES_PER_MS;
  }

  /** What `playedMs` of the whole answer means for each of its messages. Whole milliseconds, never more than has come. */
  heardItems(playedMs: number): readonly HeardItem[] {
    let leftMs = Math.max(0, playedMs);
    return this.#items.map(({ itemId, samples }) => {
      const receivedMs = samples / SAMPLES_PER_MS;
      const heardMs = Math.min(leftMs, receivedMs);
      leftMs -= heardMs;
      return { itemId, heardMs: Math.floor(heardMs), receivedMs };
    });
  }
}
