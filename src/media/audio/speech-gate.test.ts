import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpeechGate } from './speech-gate.ts';

function run(probabilities: readonly number[]) {
  const gate = new SpeechGate();
  return probabilities.flatMap((probability, window) => {
    const event = gate.push(probability, window * 512, (window + 1) * 512);
    return event ? [[window, event.type, event.atSample / 512]] : [];
  });
}

test('two windows of speech make a start, three of silence a stop', () => {
  assert.deepEqual(run([0, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.6, 0.6]), [
    [2, 'speech_started', 1],
    [4, 'speech_paused', 4],
    [6, 'speech_stopped', 4],
    [9, 'speech_started', 8],
  ]);
});

test('between the thresholds everything stays as it is', () => {
  assert.deepEqual(run([0.4, 0.45, 0.49, 0.9, 0.4, 0.9, 0.4]), []);
  assert.deepEqual(run([0.9, 0.9, 0.4, 0.36, 0.4, 0.2, 0.2, 0.4, 0.2, 0.2, 0.4]), [
    [1, 'speech_started', 0],
    [5, 'speech_paused', 5],
    [7, 'speech_resumed', 7],
    [8, 'speech_paused', 8],
    [10, 'speech_resumed', 10],
  ]);
});

test('the prefix is the speech so far and 300 ms, but not more than there is', () => {
  const gate = new SpeechGate();
  assert.equal(gate.push(0.9, 51_200, 51_712), undefined);
  assert.deepEqual(gate.push(0.9, 51_712, 52_480), {
    type: 'speech_started',
    atSample: 51_200,
    prefixSamples: 52_480 - 51_200 + 4_800,
  });
  const early = new SpeechGate();
  early.push(0.9, 0, 512);
  assert.deepEqual(early.push(0.9, 512, 1_280), { type: 'speech_started', atSample: 0, prefixSamples: 1_280 });
});
