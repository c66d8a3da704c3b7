import assert from 'node:assert/strict';
import { it } from 'node:test';
import { costOf, pricesSetting } from './prices.ts';

const prices = {
  stt: { ear: 600_000 },
  tts: { voice: 1_000_000 },
  tutor: { mind: { input: 40, cached_input: 10, output: 160, audio_input: 0, audio_output: 0 } },
  s2s: { whole: { input: 4, cached_input: 1, output: 16, audio_input: 32, audio_output: 64 } },
};
const million = 1_000_000;

it('prices a minute heard, a thousand characters spoken and a million tokens, rounded up to a millionth of a rouble', () => {
  assert.equal(costOf({ kind: 'stt', engine: 'ear', audioInMs: 90_000 }, prices), 900_000);
  assert.equal(costOf({ kind: 'stt', engine: 'ear', audioInMs: 0.01 }, prices), 1);
  assert.equal(costOf({ kind: 'tts', engine: 'voice', characters: 250 }, prices), 250_000);
  const tokens = { inputTokens: 3 * million, cachedInputTokens: million, outputTokens: million };
  assert.equal(costOf({ kind: 'tutor', engine: 'mind', tokens }, prices), 2 * 40 + 10 + 160);
});

it('prices spoken tokens apart from written ones', () => {
  const tokens = {
    inputTokens: 5 * million,
    inputAudioTokens: 3 * million,
    cachedInputTokens: million,
    outputTokens: 4 * million,
    outputAudioTokens: 3 * million,
  };
  assert.equal(costOf({ kind: 's2s', engine: 'whole', tokens }, prices), 4 + 1 + 3 * 32 + 16 + 3 * 64);
  const cached = { ...tokens, cachedInputTokens: 4 * million };
  assert.equal(costOf({ kind: 's2s', engine: 'whole', tokens: cached }, prices), 4 * 1 + 32 + 16 + 3 * 64);
});

it('takes nothing for what has no price', () => {
  assert.equal(costOf({ kind: 'stt', engine: 'local', audioInMs: 60_000 }, prices), 0);
  assert.equal(costOf({ kind: 's2s', engine: 'whole', audioInMs: 60_000 }, prices), 0);
});

it('has defaults that it would accept', () => {
  assert.deepEqual(pricesSetting.schema.parse(pricesSetting.fallback), pricesSetting.fallback);
});
