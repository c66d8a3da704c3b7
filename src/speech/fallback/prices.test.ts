import assert from 'node:assert/strict';
import { it } from 'node:test';
import { costOf, pricesSetting } from './prices.ts';

const prices = pricesSetting.schema.parse({
  stt: { ear: 600_000, foreign: 17_000 },
  tts: { voice: 1_000_000, teller: { request: 160_000, characters: 250 } },
  tutor: { mind: { input: 40, cached_input: 10, output: 160 } },
  s2s: { whole: { input: 4, cached_input: 1, output: 16, audio_input: 32, audio_output: 64, transcription: 4_500 } },
  currencies: { foreign: 'USD' },
  kopecks_per_dollar: 9_050,
});
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

it('prices speech by the request where the vendor does, a long one as several', () => {
  const cost = (characters: number) => costOf({ kind: 'tts', engine: 'teller', characters }, prices);
  assert.deepEqual([0, 1, 250, 251].map(cost), [0, 160_000, 160_000, 320_000]);
});

it('prices what speech to speech has written down besides by its length', () => {
  assert.equal(costOf({ kind: 's2s', engine: 'whole', transcribedMs: 90_000 }, prices), 6_750);
});

it('makes roubles of dollars at the rate of the list, and takes a list without currencies to be in roubles', () => {
  assert.equal(costOf({ kind: 'stt', engine: 'foreign', audioInMs: 60_000 }, prices), 17_000 * 90.5);
  const { currencies, kopecks_per_dollar: rate, as_of: asOf, ...old } = pricesSetting.fallback;
  assert.ok(currencies && rate && asOf);
  const use = { kind: 'stt', engine: 'openai', audioInMs: 60_000 } as const;
  assert.equal(costOf(use, pricesSetting.schema.parse(old)), 17_000);
  assert.equal(pricesSetting.schema.safeParse({ ...old, as_of: 'lately' }).success, false);
});

it('takes nothing for what has no price', () => {
  assert.equal(costOf({ kind: 'stt', engine: 'local', audioInMs: 60_000 }, prices), 0);
  assert.equal(costOf({ kind: 's2s', engine: 'whole', audioInMs: 60_000 }, prices), 0);
});

it('has defaults that it would accept', () => {
  assert.deepEqual(pricesSetting.schema.parse(pricesSetting.fallback), pricesSetting.fallback);
});
