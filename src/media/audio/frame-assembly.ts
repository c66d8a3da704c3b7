import type { SlotSound } from './slot-sound.ts';

export const SAMPLE_RATE = 16_000;
/** 20 ms at 16 kHz. */
export const FRAME_SAMPLES = 320;
export const SAMPLES_PER_MS = 16;
/** Room for what is left of a frame and the longest packet. */
const ROOM_SAMPLES = FRAME_SAMPLES + 120 * SAMPLES_PER_MS;
const SILENCE: SlotSound = { kind: 'silence' };

/** Pieces of sound of any length up to 120 ms, put together to frames; it knows what a frame is made of. */
export class FrameAssembly {
  /** The frame at the front: whole when `missing` is false. The array is used again. */
  readonly frame: Int16Array;
  readonly #samples = new Int16Array(ROOM_SAMPLES);
  #count = 0;
  /** Put in since the frame was begun, and what the last of them was. */
  #pieces = 0;
  #origin: SlotSound | undefined;

  constructor() {
    this.frame = this.#samples.subarray(0, FRAME_SAMPLES);
  }

  /** Nothing but what the frame before left over is there of this one. */
  begin(): void {
    this.#pieces = 0;
    this.#origin = undefined;
  }

  get missing(): boolean {
    return this.#count < FRAME_SAMPLES;
  }

  /** Milliseconds that are there. */
  get ms(): number {
    return this.#count / SAMPLES_PER_MS;
  }

  /** What the frame is made of: its one piece as it came, or else its samples. */
  get origin(): SlotSound {
    const origin = this.#pieces === 1 ? this.#origin : undefined;
    return origin ?? { kind: 'samples', samples: this.frame, sampleRate: SAMPLE_RATE };
  }

  /** @param origin the same 20 ms in another form, where there is one */
  add(sound: Int16Array, origin?: SlotSound): void {
    this.#samples.set(sound, this.#count);
    this.#note(sound.length, origin);
  }

  /** Each sample at `index` is multiplied by `gain(index)`. */
  addFaded(sound: Int16Array, gain: (index: number) => number, origin: SlotSound): void {
    for (let index = 0; index < sound.length; index++) this.#samples[this.#count + index] = sound[index]! * gain(index);
    this.#note(sound.length, origin);
  }

  addSilence(samples: number): void {
    this.#samples.fill(0, this.#count, this.#count + samples);
    this.#note(samples, SILENCE);
  }

  /** Takes the frame away; what is left over stands at the front. */
  shift(): void {
    this.#count -= FRAME_SAMPLES;
    if (this.#count > 0) this.#samples.copyWithin(0, FRAME_SAMPLES, FRAME_SAMPLES + this.#count);
  }

  #note(samples: number, origin: SlotSound | undefined): void {
    this.#count += samples;
    this.#pieces++;
    this.#origin = origin;
  }
}
