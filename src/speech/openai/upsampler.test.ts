import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createUpsamplerTable, Upsampler } from './upsampler.ts';

const FRAME = 320;
const table = createUpsamplerTable();

/** A second of a sine of half the full scale, through the filter in frames of 20 ms; without its first 100 ms. */
function converted(frequency: number): Float64Array {
  const upsampler = new Upsampler(table, FRAME);
  const out: number[] = [];
  for (let from = 0; from < 16_000; from += FRAME) {
    const frame = Int16Array.from({ length: FRAME }, (_, i) =>
      Math.round(16_384 * Math.sin((2 * Math.PI * frequency * (from + i)) / 16_000)),
    );
    const bytes = upsampler.convert(frame);
    for (let at = 0; at < bytes.length; at += 2) out.push(bytes.readInt16LE(at));
  }
  assert.equal(out.length, 24_000);
  return Float64Array.from(out.slice(2_400));
}

/** The level of one frequency in a 24 kHz signal against a sine of half the full scale, in decibels (Goertzel, 1958). */
function levelDb(signal: Float64Array, frequency: number): number {
  let re = 0;
  let im = 0;
  for (const [n, sample] of signal.entries()) {
    // A Hann window, so that a strong neighbour does not leak.
    const weight = 1 - Math.cos((2 * Math.PI * n) / signal.length);
    re += weight * sample * Math.cos((2 * Math.PI * frequency * n) / 24_000);
    im += weight * sample * Math.sin((2 * Math.PI * frequency * n) / 24_000);
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / signal.length / 16_384);
}

test('passes speech unchanged', () => {
  for (const frequency of [100, 440, 1_000, 3_000, 5_000, 6_000]) {
    const level = levelDb(converted(frequency), frequency);
    assert.ok(Math.abs(level) < 0.2, `${frequency} Hz: ${level.toFixed(2)} dB`);
  }
});

test('leaves nothing of the images, which lie as far above 8 kHz as the tone below', () => {
  for (const frequency of [1_000, 4_500, 5_000, 6_000, 7_000, 7_700]) {
    const image = levelDb(converted(frequency), 16_000 - frequency);
    assert.ok(image < -60, `${frequency} Hz at ${16_000 - frequency} Hz: ${image.toFixed(1)} dB`);
  }
});

test('clips instead of wrapping, and does not care how the stream is cut', () => {
  const loud = new Upsampler(table, FRAME);
  const frame = new Int16Array(FRAME).fill(32_767);
  loud.convert(frame);
  const bytes = loud.convert(frame);
  for (let at = 0; at < bytes.length; at += 2) assert.ok(bytes.readInt16LE(at) > 32_000);

  const noise = Int16Array.from({ length: FRAME }, (_, i) => ((i * 7_919) % 20_000) - 10_000);
  const whole = Buffer.from(new Upsampler(table, FRAME).convert(noise));
  const halves = new Upsampler(table, FRAME / 2);
  const parts = [noise.subarray(0, FRAME / 2), noise.subarray(FRAME / 2)].map((half) =>
    Buffer.from(halves.convert(half)),
  );
  assert.ok(whole.equals(Buffer.concat(parts)));
});
