import { AppError } from '../../platform/errors.ts';

/** Filter length in input samples; even. With β = 8: stop band −80 dB, passed up to 0.42 of the lower rate. */
const TAPS = 48;
const HALF = TAPS / 2;
const KAISER_BETA = 8;
/** Half amplitude at this share of the lower rate's Nyquist frequency. */
const CUTOFF = 0.93;
/** A table for rates with no common divisor would be of megabytes. */
const MAX_PHASES = 4_800;
const BUFFERED = 1_024;

/**
 * The coefficients between two rates: a windowed sinc in `up` phases (polyphase form; Crochiere and Rabiner,
 * Multirate Digital Signal Processing, 1983). Immutable; any number of resamplers use one.
 */
export class ResamplerFilter {
  readonly up: number;
  readonly down: number;
  /** `up` rows of `TAPS`. */
  readonly table: Float32Array;

  /** @throws AppError `sample_rate_unsupported`. */
  constructor(inputRate: number, outputRate: number) {
    const possible = Number.isInteger(inputRate) && inputRate > 0;
    const divisor = possible ? greatestCommonDivisor(inputRate, outputRate) : 1;
    this.up = outputRate / divisor;
    this.down = inputRate / divisor;
    if (!possible || this.up > MAX_PHASES || this.down > 10 * this.up) {
      throw new AppError({
        code: 'sample_rate_unsupported',
        kind: 'invalid',
        message: 'Audio of this sample rate cannot be played.',
        details: { inputRate, outputRate },
      });
    }
    const cutoff = CUTOFF * Math.min(1, outputRate / inputRate);
    this.table = new Float32Array(this.up * TAPS);
    for (let phase = 0; phase < this.up; phase++) {
      let sum = 0;
      const row = this.table.subarray(phase * TAPS, (phase + 1) * TAPS);
      for (let tap = 0; tap < TAPS; tap++) {
        const distance = tap - (HALF - 1) - phase / this.up;
        const edge = distance / HALF;
        row[tap] = sinc(distance * cutoff) * bessel(KAISER_BETA * Math.sqrt(Math.max(0, 1 - edge * edge)));
        sum += row[tap]!;
      }
      // Each phase passes a constant unchanged.
      for (let tap = 0; tap < TAPS; tap++) row[tap]! /= sum;
    }
  }
}

/**
 * One stream from one rate to another. Adds no delay: output n stands for the input at n·down/up. For `n` samples
 * in, exactly ⌈n·up/down⌉ come out once `finish()` has been called. No allocation after construction.
 */
export class Resampler {
  readonly #filter: ResamplerFilter;
  readonly #input = new Float32Array(BUFFERED);
  /** The window of the next output begins here; what was before it is not needed any more. */
  #start = 0;
  /** Begins with silence, so that the first window has a past. */
  #end = HALF - 1;
  #phase = 0;
  #taken = 0;
  #given = 0;
  #finished = false;

  constructor(filter: ResamplerFilter) {
    this.#filter = filter;
  }

  /** Takes as many of `samples` from `offset` on as there is room for; returns how many. */
  feed(samples: Int16Array, offset: number): number {
    this.#compact();
    // Room stays for the silence after the end.
    const count = Math.min(samples.length - offset, BUFFERED - HALF - this.#end);
    for (let index = 0; index < count; index++) this.#input[this.#end + index] = samples[offset + index]!;
    this.#end += count;
    this.#taken += count;
    return count;
  }

  /** No more input: the last samples get a silent future. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#compact();
    this.#input.fill(0, this.#end, this.#end + HALF);
    this.#end += HALF;
  }

  /** Fills `out` from `offset` on as far as the input reaches; returns how many samples were given. */
  produce(out: Int16Array, offset: number): number {
    const { up, down, table } = this.#filter;
    const input = this.#input;
    const whole = Math.floor(down / up);
    const fraction = down % up;
    const limit = this.#finished ? Math.ceil((this.#taken * up) / down) - this.#given : Infinity;
    const wanted = Math.min(out.length - offset, limit);
    let start = this.#start;
    let phase = this.#phase;
    let given = 0;
    for (; given < wanted && start + TAPS <= this.#end; given++) {
      const row = phase * TAPS;
      let sum = 0;
      for (let tap = 0; tap < TAPS; tap++) sum += input[start + tap]! * table[row + tap]!;
      out[offset + given] = sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : Math.round(sum);
      start += whole;
      phase += fraction;
      if (phase >= up) {
        phase -= up;
        start++;
      }
    }
    this.#start = start;
    this.#phase = phase;
    this.#given += given;
    return given;
  }

  #compact(): void {
    // Going down in rate, the next window may begin beyond what has come.
    const from = Math.min(this.#start, this.#end);
    if (from === 0) return;
    this.#input.copyWithin(0, from, this.#end);
    this.#end -= from;
    this.#start -= from;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function I₀, by its series. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-10; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
