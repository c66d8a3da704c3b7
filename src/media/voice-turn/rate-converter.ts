import { Resampler, ResamplerFilter } from '../audio/resampler.ts';

/** One stretch of sound from one sample rate to another, in pieces of any length. */
export class RateConverter {
  readonly #resampler: Resampler;
  readonly #ratio: number;

  /** @throws AppError `sample_rate_unsupported` */
  constructor(inputRate: number, outputRate: number) {
    this.#resampler = new Resampler(new ResamplerFilter(inputRate, outputRate));
    this.#ratio = outputRate / inputRate;
  }

  /** What the sound so far gives. */
  convert(samples: Int16Array): Int16Array {
    const out = new Int16Array(Math.ceil((samples.length + MARGIN) * this.#ratio));
    let given = 0;
    for (let taken = 0; taken < samples.length;) {
      taken += this.#resampler.feed(samples, taken);
      given += this.#resampler.produce(out, given);
    }
    return out.subarray(0, given);
  }

  /** The last of it. */
  finish(): Int16Array {
    this.#resampler.finish();
    const out = new Int16Array(Math.ceil(MARGIN * this.#ratio));
    return out.subarray(0, this.#resampler.produce(out, 0));
  }
}

/** More input than the resampler keeps back. */
const MARGIN = 1_024;
