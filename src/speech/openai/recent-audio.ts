const FRAME_MS = 20;

/**
 * The audio that a new session may have to hear again: in a pause the last second, which may hold the beginning of a word;
 * in a turn all of it, within a bound.
 */
export class RecentAudio {
  readonly #pauseFrames: number;
  readonly #turnFrames: number;
  #frames: string[] = [];
  #inTurn = false;

  constructor({ pauseMs = 1_000, turnMs = 30_000 } = {}) {
    this.#pauseFrames = pauseMs / FRAME_MS;
    this.#turnFrames = turnMs / FRAME_MS;
  }

  push(frame: string): void {
    this.#frames.push(frame);
    const most = this.#inTurn ? this.#turnFrames : this.#pauseFrames;
    // Shifting one by one costs nothing at these lengths.
    while (this.#frames.length > most) this.#frames.shift();
  }

  turnBegan(): void {
    this.#inTurn = true;
  }

  /** It has been heard: only the last second may belong to a next one. */
  turnEnded(): void {
    this.#inTurn = false;
    this.#frames = this.#frames.slice(-this.#pauseFrames);
  }

  /** Oldest first. `lastMs`: no more than so much. */
  frames(lastMs = Infinity): readonly string[] {
    return lastMs === Infinity ? this.#frames : this.#frames.slice(-Math.ceil(lastMs / FRAME_MS));
  }
}
