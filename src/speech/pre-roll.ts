/** The last frames before speech was noticed, so that its beginning is not lost. No allocation per frame. */
export class PreRoll {
  readonly #samples: Int16Array;
  readonly #frameSamples: number;
  readonly #capacity: number;
  #next = 0;
  #count = 0;

  constructor(options: { readonly frames: number; readonly frameSamples: number }) {
    this.#frameSamples = options.frameSamples;
    this.#capacity = options.frames;
    this.#samples = new Int16Array(options.frames * options.frameSamples);
  }

  /** Copies the frame in; the oldest falls out. */
  push(frame: Int16Array): void {
    this.#samples.set(frame, this.#next * this.#frameSamples);
    this.#next = (this.#next + 1) % this.#capacity;
    this.#count = Math.min(this.#count + 1, this.#capacity);
  }

  /** Hands out the last `frames` (or as many as there are), oldest first, as views; then it is empty. */
  drain(frames: number, take: (frame: Int16Array) => void): number {
    const count = Math.min(frames, this.#count);
    for (let i = count; i > 0; i--) {
      const place = (this.#next - i + this.#capacity) % this.#capacity;
      take(this.#samples.subarray(place * this.#frameSamples, (place + 1) * this.#frameSamples));
    }
    this.#count = 0;
    return count;
  }
}
