import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VoiceTail } from './voice-tail.ts';

const SAMPLES_PER_MS = 16;

/** A stream of stretches of even loudness; returns the tail after all of them. */
function after(...stretches: readonly (readonly [ms: number, magnitude: number])[]): VoiceTail {
  const tail = new VoiceTail();
  for (const [ms, magnitude] of stretches) for (let at = 0; at < ms * SAMPLES_PER_MS; at++) tail.push(magnitude);
  return tail;
}

describe('VoiceTail', () => {
  it('finds the end of a voice that the model held on for', () => {
    const tail = after([1_000, 3_000], [160, 20]);
    assert.equal(tail.endOf(1_064 * SAMPLES_PER_MS), 1_000 * SAMPLES_PER_MS);
  });

  it('leaves the end where the model put it when the sound goes on to it', () => {
    const tail = after([1_064, 3_000], [100, 20]);
    assert.equal(tail.endOf(1_064 * SAMPLES_PER_MS), 1_064 * SAMPLES_PER_MS);
  });

  it('says nothing in a room that is as loud as the voice', () => {
    const tail = after([1_000, 1_000], [200, 400]);
    assert.equal(tail.endOf(1_064 * SAMPLES_PER_MS), 1_064 * SAMPLES_PER_MS);
  });

  it('does not follow a voice that fades away for long', () => {
    const tail = after([1_000, 3_000], [300, 100]);
    assert.equal(tail.endOf(1_200 * SAMPLES_PER_MS), 1_200 * SAMPLES_PER_MS);
  });

  it('forgets a loud voice when a soft one follows', () => {
    const tail = after([496, 20_000], [2_000, 1_000], [160, 20]);
    assert.equal(tail.endOf(2_560 * SAMPLES_PER_MS), 2_496 * SAMPLES_PER_MS);
  });

  it('bears the very beginning', () => {
    assert.equal(after([10, 20]).endOf(0), 0);
  });
});
