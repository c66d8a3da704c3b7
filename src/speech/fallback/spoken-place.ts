/** Milliseconds that a character takes at rate 1; about 15 a second. */
const MS_A_CHARACTER = 66;
/** As much sound as this is not worth another voice. */
const SAME_PLACE_MS = 60;

interface WordStart {
  readonly offset: number;
  readonly startMs: number;
}

/** How far into a sentence its sound has come, so that another voice can go on from there. */
export class SpokenPlace {
  readonly #text: string;
  readonly #msACharacter: number;
  readonly #words: WordStart[] = [];
  #offset = 0;
  #fromMs = 0;
  #spokenMs = 0;

  constructor(text: string, rate: number) {
    this.#text = text;
    this.#msACharacter = MS_A_CHARACTER / rate;
  }

  /** Where the next voice begins; UTF-16 units. */
  get offset(): number {
    return this.#offset;
  }

  /** Of sound, by all voices. */
  get spokenMs(): number {
    return this.#spokenMs;
  }

  heard(ms: number): void {
    this.#spokenMs += ms;
  }

  /** A word begins, counted from the sentence's beginning. */
  word(start: WordStart): void {
    this.#words.push(start);
  }

  /**
   * The voice is lost: the next one begins with the word that was cut, by the word's own time where the voice told it, else by
   * a usual pace. Answers whether anything is left to say.
   */
  breakOff(): boolean {
    if (this.#spokenMs - this.#fromMs > SAME_PLACE_MS) this.#offset = this.#reached();
    this.#fromMs = this.#spokenMs;
    return /[\p{L}\p{N}]/u.test(this.#text.slice(this.#offset));
  }

  #reached(): number {
    const cut = this.#words.findLast(({ startMs, offset }) => offset >= this.#offset && startMs < this.#spokenMs);
    if (cut) return cut.offset;
    const units = Math.floor((this.#spokenMs - this.#fromMs) / this.#msACharacter);
    const reached = Math.min(this.#text.length, this.#offset + units);
    if (reached >= this.#text.length) return this.#text.length;
    return Math.max(this.#offset, this.#text.lastIndexOf(' ', reached) + 1);
  }
}
