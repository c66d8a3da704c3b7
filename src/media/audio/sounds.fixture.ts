/** Sounds for tests, the same in every run. */

/** A sine of half of full scale. */
export function sine(samples: number, sampleRate: number, hz: number, amplitude = 16_000): Int16Array {
  const step = (2 * Math.PI * hz) / sampleRate;
  return Int16Array.from({ length: samples }, (_, index) => Math.round(amplitude * Math.sin(step * index)));
}

/** Something like a vowel: the harmonics of a voice that rises and falls, under three formants. */
export function vowel(samples: number, sampleRate: number): Int16Array {
  const phases = new Float64Array(20);
  return Int16Array.from({ length: samples }, (_, index) => {
    const time = index / sampleRate;
    const pitch = 120 + 30 * Math.sin(2 * Math.PI * 1.5 * time);
    let sum = 0;
    for (let harmonic = 1; harmonic <= phases.length; harmonic++) {
      phases[harmonic - 1]! += (2 * Math.PI * pitch * harmonic) / sampleRate;
      const hz = pitch * harmonic;
      let gain = 0;
      for (const formant of [600, 1_200, 2_500]) gain += 1 / (1 + ((hz - formant) / 150) ** 2);
      sum += gain * Math.sin(phases[harmonic - 1]!);
    }
    return Math.round(5_000 * sum * (0.7 + 0.3 * Math.sin(2 * Math.PI * 3 * time)));
  });
}

/** White noise, uniform in ±`amplitude`. */
export function noise(samples: number, amplitude: number, seed = 1): Int16Array {
  let state = seed;
  return Int16Array.from({ length: samples }, () => {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.round((state / 0x8000_0000 - 1) * amplitude);
  });
}

/** Signal to noise in dB of `actual` against `expected`, over `from`…`to`. */
export function snr(expected: ArrayLike<number>, actual: ArrayLike<number>, from = 0, to = expected.length): number {
  let signal = 0;
  let error = 0;
  for (let index = from; index < to; index++) {
    signal += expected[index]! ** 2;
    error += (expected[index]! - actual[index]!) ** 2;
  }
  return 10 * Math.log10(signal / Math.max(error, 1e-9));
}

export function energy(samples: ArrayLike<number>, from = 0, to = samples.length): number {
  let sum = 0;
  for (let index = from; index < to; index++) sum += samples[index]! ** 2;
  return sum / Math.max(1, to - from);
}
