import { z } from 'zod';
import { defineSetting } from '../../platform/settings.ts';
import type { EngineUse } from '../engine.ts';

/**
 * What the engines charge, in millionths of a rouble a unit; integers throughout. The defaults are the vendors' list
 * prices of 2026 at 90 roubles a dollar: a contract's own prices belong into the setting `speech.prices`.
 * https://yandex.cloud/en/docs/speechkit/pricing, https://platform.openai.com/docs/pricing
 */
const price = z.int().min(0).max(1_000_000_000_000);
const tokenPrices = z.strictObject({
  input: price,
  cached_input: price,
  output: price,
  audio_input: price.default(0),
  audio_output: price.default(0),
});

const engineName = z.string().max(32);

const priceList = z.strictObject({
  /** A minute of audio. */
  stt: z.record(engineName, price),
  /** A thousand characters. */
  tts: z.record(engineName, price),
  /** A million tokens. */
  tutor: z.record(engineName, tokenPrices),
  s2s: z.record(engineName, tokenPrices),
});

export type PriceList = z.output<typeof priceList>;

export const pricesSetting = defineSetting({
  key: 'speech.prices',
  schema: priceList,
  unit: 'microroubles',
  description: {
    en: 'What the engines charge, in millionths of a rouble: hearing by the minute, speaking by 1 000 characters, thinking by a million tokens',
    ru: 'Сколько берут движки, в миллионных долях рубля: слух за минуту, речь за 1 000 знаков, мысль за миллион токенов',
  },
  fallback: {
    stt: { local: 0, yandex: 640_000, openai: 540_000 },
    tts: { local: 0, yandex: 1_320_000, openai: 1_350_000 },
    tutor: {
      openai: { input: 36_000_000, cached_input: 9_000_000, output: 144_000_000, audio_input: 0, audio_output: 0 },
    },
    s2s: {
      openai: {
        input: 360_000_000,
        cached_input: 36_000_000,
        output: 1_440_000_000,
        audio_input: 2_880_000_000,
        audio_output: 5_760_000_000,
      },
    },
  },
});

/** In millionths of a rouble, rounded up; an engine without a price costs nothing. */
export function costOf(use: EngineUse, prices: PriceList): number {
  const { kind, engine, audioInMs = 0, characters = 0, tokens } = use;
  switch (kind) {
    case 'stt':
      return Math.ceil((audioInMs * (prices.stt[engine] ?? 0)) / 60_000);
    case 'tts':
      return Math.ceil((characters * (prices.tts[engine] ?? 0)) / 1_000);
    case 'tutor':
    case 's2s': {
      const list = prices[kind][engine];
      if (!list || !tokens) return 0;
      const { inputTokens, outputTokens, cachedInputTokens = 0, inputAudioTokens = 0, outputAudioTokens = 0 } = tokens;
      // What is cached is counted once, at the price of cached text, whatever it was.
      const freshAudio = Math.max(
        0,
        inputAudioTokens - Math.max(0, cachedInputTokens - (inputTokens - inputAudioTokens)),
      );
      const freshText = Math.max(0, inputTokens - cachedInputTokens - freshAudio);
      const text = freshText * list.input + cachedInputTokens * list.cached_input;
      const spoken = freshAudio * list.audio_input + outputAudioTokens * list.audio_output;
      return Math.ceil((text + spoken + Math.max(0, outputTokens - outputAudioTokens) * list.output) / 1_000_000);
    }
    default:
      return kind satisfies never;
  }
}
