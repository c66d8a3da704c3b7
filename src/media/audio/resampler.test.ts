import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { AppError } from '../../platform/errors.ts';
import { Resampler, ResamplerFilter } from './resampler.ts';
import { energy, noise, sine, snr } from './sounds.fixture.ts';

const filter = new ResamplerFilter(22_050, 24_000);

/** Feeds `samples` in pieces and takes the output in pieces. */
function resample(
  by: ResamplerFilter,
  samples: Int16Array,
  pieces: readonly number[] = [320],
  outPiece = 480,
): Int16Array {
  const resampler = new Resampler(by);
  const given: number[] = [];
  const out = new Int16Array(outPiece);
  const drain = () => {
    for (let count = resampler.produce(out, 0); count > 0; count = resampler.produce(out, 0)) {
      given.push(...out.subarray(0, count));
    }
  };
  for (let at = 0, piece = 0; at < samples.length; piece++) {
    const end = Math.min(samples.length, at + pieces[piece % pieces.length]!);
    while (at < end) {
      at += resampler.feed(samples.subarray(0, end), at);
      drain();
    }
  }
  resampler.finish();
  drain();
  return Int16Array.from(given);
}

test('as many samples come out as the rates say, to the sample', () => {
  for (const [from, to] of [
    [22_050, 24_000],
    [11_025, 24_000],
    [44_100, 48_000],
    [32_000, 48_000],
    [96_000, 48_000],
  ] as const) {
    for (const length of [0, 1, 2, 146, 147, 148, 22_050]) {
      const out = resample(new ResamplerFilter(from, to), new Int16Array(length));
      assert.equal(out.length, Math.ceil((length * to) / from), `${length} samples, ${from} to ${to}`);
    }
  }
});

test('a tone stays the same tone, at the same place', () => {
  for (const hz of [100, 440, 3_000, 7_000]) {
    const out = resample(filter, sine(22_050, 22_050, hz));
    const quality = snr(sine(24_000, 24_000, hz), out, 200, 23_800);
    assert.ok(quality > 55, `${hz} Hz: ${quality.toFixed(1)} dB`);
  }
});

test('what the lower rate cannot carry is not folded into it', () => {
  const out = resample(new ResamplerFilter(48_000, 16_000), sine(48_000, 48_000, 11_000));
  assert.ok(energy(out, 100, 15_900) < 16_000 ** 2 / 2 / 1e6);
});

test('full scale does not wrap around', () => {
  const square = Int16Array.from({ length: 4_410 }, (_, index) => (index % 100 < 50 ? 32_767 : -32_768));
  const out = resample(filter, square);
  for (let index = 1; index < out.length; index++) {
    if (Math.abs(square[Math.floor((index * 147) / 160)]!) === 0) continue;
    assert.ok(out[index]! <= 32_767 && out[index]! >= -32_768);
  }
  // Away from the edges the plateaus stay where they were.
  assert.ok(out[27]! > 30_000 && out[27 + 54]! < -30_000);
});

test('the pieces it comes in make no difference', () => {
  const sound = noise(3_000, 20_000);
  const whole = resample(filter, sound, [3_000], 4_000);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 700 }),
      (pieces, outPiece) => assert.deepEqual(resample(filter, sound, pieces, outPiece), whole),
    ),
    { numRuns: 50 },
  );
});

test('rates that cannot be are refused', () => {
  for (const rate of [0, -1, Number.NaN, 22_051, 1e9]) {
    assert.throws(
      () => new ResamplerFilter(rate, 24_000),
      (error) => error instanceof AppError && error.code === 'sample_rate_unsupported',
    );
  }
});
