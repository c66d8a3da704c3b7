/** Changes the rate of a stream by straight lines between samples: good enough for a voice that plays a vendor. */
export class LinearResampler {
  readonly #step: number;
  /** Where the next output sample lies, counted from the first sample of the next input. */
  #position = 0;
  #last = 0;

  constructor(fromRate: number, toRate: number) {
    this.#step = fromRate / toRate;
  }

  push(samples: Int16Array): Int16Array {
    if (this.#step === 1 || samples.length === 0) return samples;
    const out = new Int16Array(Math.max(0, Math.ceil((samples.length - 1 - this.#position) / this.#step)));
    let position = this.#position;
    for (let i = 0; i < out.length; i++) {
      const before = Math.floor(position);
      const left = before < 0 ? this.#last : (samples[before] ?? 0);
      const right = samples[before + 1] ?? 0;
      out[i] = Math.round(left + (right - left) * (position - before));
      position += this.#step;
    }
    this.#last = samples[samples.length - 1] ?? 0;
    this.#position = position - samples.length;
    return out;
  }
}
