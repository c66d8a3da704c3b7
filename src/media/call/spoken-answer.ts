import type { PlayoutSegment } from '../audio/speaker.ts';
import { heardText } from './heard-text.ts';

/** One answer of an engine that speaks by itself, on its way to the learner's ear. */
export class SpokenAnswer {
  readonly id: string;
  readonly segment: PlayoutSegment;
  #text = '';
  /** The engine has made all of it. */
  #complete = false;

  constructor(id: string, segment: PlayoutSegment) {
    this.id = id;
    this.segment = segment;
  }

  get text(): string {
    return this.#text;
  }

  /** The words that were heard so far, by the playout clock. */
  get heardText(): string {
    const { writtenMs: soundMs, playedMs } = this.segment;
    return heardText([{ text: this.#text.trim(), soundMs, playedMs, complete: this.#complete, wordStarts: [] }]);
  }

  addText(delta: string): void {
    this.#text += delta;
  }

  addSound(samples: Int16Array): void {
    this.segment.write(samples);
  }

  finish(): void {
    this.#complete = true;
    this.segment.end();
  }
}
