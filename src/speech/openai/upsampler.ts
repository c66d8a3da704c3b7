/**
 * 16 kHz to 24 kHz, as the Realtime API wants its PCM: a windowed sinc in polyphase form (Crochiere and Rabiner, Multirate
 * Digital Signal Processing, 1983). Of the threefold oversampled signal every second sample is kept.
 */

const UP = 3;
const DOWN = 2;
/** Input samples in a window: 32 taps and β = 7 (Kaiser, 1974) make a transition of 2.2 kHz and −70 dB behind it. */
const TAPS = 32;
const KAISER_BETA = 7;
/** Half amplitude. Passed whole up to 6 kHz; from 8.2 kHz on, where images of speech begin, −70 dB. */
const CUTOFF_HZ = 7_100;
const INPUT_RATE = 16_000;
const BYTES_PER_SAMPLE = 2;

/** `UP` rows of `TAPS`, each of which passes a constant unchanged. */
export function createUpsamplerTable(): Float32Array {
  const length = UP * TAPS;
  const centre = (length - 1) / 2;
  const table = new Float32Array(length);
  for (let phase = 0; phase < UP; phase++) {
    const row = table.subarray(phase * TAPS, (phase + 1) * TAPS);
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const distance = phase + tap * UP - centre;
      const x = (2 * CUTOFF_HZ * distance) / (UP * INPUT_RATE);
      const edge = distance / centre;
      const value = sinc(x) * bessel(KAISER_BETA * Math.sqrt(Math.max(0, 1 - edge * edge)));
      row[tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < TAPS; tap++) row[tap]! /= sum;
  }
  return table;
}

/** One stream. 1 ms of delay; for every 2 samples in come 3 out. */
export class Upsampler {
  readonly #table: Float32Array;
  readonly #frameSamples: number;
  /** The window's past, then the frame. */
  readonly #input: Float32Array;
  readonly #output: Buffer;

  /** @param frameSamples even: the length of every frame. */
  constructor(table: Float32Array, frameSamples: number) {
    this.#table = table;
    this.#frameSamples = frameSamples;
    this.#input = new Float32Array(TAPS - 1 + frameSamples);
    this.#output = Buffer.alloc((frameSamples / DOWN) * UP * BYTES_PER_SAMPLE);
  }

  /** Signed 16-bit little-endian PCM at 24 kHz. The buffer is used again by the next call. */
  convert(frame: Int16Array): Buffer {
    const past = TAPS - 1;
    const input = this.#input;
    input.copyWithin(0, this.#frameSamples);
    for (let i = 0; i < this.#frameSamples; i++) input[past + i] = frame[i] ?? 0;
    const outputs = (this.#frameSamples / DOWN) * UP;
    for (let n = 0; n < outputs; n++) {
      const at = n * DOWN;
      const newest = past + Math.floor(at / UP);
      const row = (at % UP) * TAPS;
      let sum = 0;
      for (let tap = 0; tap < TAPS; tap++) sum += this.#table[row + tap]! * input[newest - tap]!;
      const sample = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
      this.#output.writeInt16LE(sample, n * BYTES_PER_SAMPLE);
    }
    return this.#output;
  }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of the first kind, order 0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-9 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
