import { z } from 'zod';
import { defineSetting } from '../../platform/settings.ts';
import type { EngineUse, TokenUsage } from '../engine.ts';

/**
 * What the engines charge, in millionths of their currency a unit; integers throughout. The defaults are the vendors' list
 * prices on the day that `as_of` names, for the models that are the defaults: a contract's own belong into the setting
 * `speech.prices`.
 * https://aistudio.yandex.ru/docs/en/speechkit/pricing.html, https://developers.openai.com/api/docs/pricing
 */
const price = z.int().min(0).max(1_000_000_000_000);
const tokenPrices = z.strictObject({
  input: price,
  cached_input: price,
  output: price,
  /** Of engines that hear and speak: */
  audio_input: price.optional(),
  audio_output: price.optional(),
  /** A minute of the learner's speech that is written down besides. */
  transcription: price.optional(),
});
/** Of so many characters or less; what is longer counts as several. */
const requestPrice = z.strictObject({ request: price, characters: z.int().min(1).max(100_000) });

const engineName = z.string().max(32);

const priceList = z.strictObject({
  /** The day of the list, for whoever looks at it later. */
  as_of: z.iso.date().optional(),
  /** Of engines that are not paid for in roubles. */
  currencies: z.record(engineName, z.enum(['RUB', 'USD'])).default({}),
  kopecks_per_dollar: z.int().min(1).max(1_000_000).default(9_000),
  /** A minute of audio. */
  stt: z.record(engineName, price),
  /** A thousand characters, or a request. */
  tts: z.record(engineName, z.union([price, requestPrice])),
  /** A million tokens. */
  tutor: z.record(engineName, tokenPrices),
  s2s: z.record(engineName, tokenPrices),
});

export type PriceList = z.output<typeof priceList>;
type TokenPrices = z.output<typeof tokenPrices>;

export const pricesSetting = defineSetting({
  key: 'speech.prices',
  schema: priceList,
  unit: 'millionths_of_currency',
  description: {
    en: 'What the engines charge, in millionths of their currency: hearing by the minute, speaking by 1 000 characters or by request, thinking by a million tokens',
    ru: 'Сколько берут движки, в миллионных долях их валюты: слух за минуту, речь за 1 000 знаков или за запрос, мысль за миллион токенов',
  },
  fallback: {
    as_of: '2026-11-21',
    currencies: { openai: 'USD', yandex: 'RUB' },
    kopecks_per_dollar: 9_000,
    stt: { local: 0, yandex: 640_000, openai: 17_000 },
    tts: { local: 0, yandex: { request: 160_000, characters: 250 }, openai: 16_000 },
    tutor: {
      openai: { input: 750_000, cached_input: 75_000, output: 4_500_000 },
      yandex: { input: 800_000_000, cached_input: 800_000_000, output: 800_000_000 },
    },
    s2s: {
      openai: {
        input: 4_000_000,
        cached_input: 400_000,
        output: 24_000_000,
        audio_input: 32_000_000,
        audio_output: 64_000_000,
        transcription: 4_500,
      },
    },
  },
});

/** In millionths of a rouble, rounded up; an engine without a price costs nothing. */
export function costOf(use: EngineUse, prices: PriceList): number {
  const cost = Math.ceil(inCurrency(use, prices));
  return prices.currencies[use.engine] === 'USD' ? Math.ceil((cost * prices.kopecks_per_dollar) / 100) : cost;
}

/** Millionths of the engine's currency. */
function inCurrency(use: EngineUse, prices: PriceList): number {
  const { kind, engine, audioInMs = 0, characters = 0, transcribedMs = 0, tokens } = use;
  switch (kind) {
    case 'stt':
      return (audioInMs * (prices.stt[engine] ?? 0)) / 60_000;
    case 'tts': {
      const charged = prices.tts[engine] ?? 0;
      if (typeof charged === 'number') return (characters * charged) / 1_000;
      return Math.ceil(characters / charged.characters) * charged.request;
    }
    case 'tutor':
    case 's2s': {
      const list = prices[kind][engine];
      if (!list) return 0;
      return (tokens ? costOfTokens(tokens, list) : 0) + (transcribedMs * (list.transcription ?? 0)) / 60_000;
    }
    default:
      return kind satisfies never;
  }
}

function costOfTokens(tokens: TokenUsage, list: TokenPrices): number {
  const { inputTokens, outputTokens, cachedInputTokens = 0, inputAudioTokens = 0, outputAudioTokens = 0 } = tokens;
  // What is cached is counted once, at the price of cached text, whatever it was.
  const freshAudio = Math.max(0, inputAudioTokens - Math.max(0, cachedInputTokens - (inputTokens - inputAudioTokens)));
  const freshText = Math.max(0, inputTokens - cachedInputTokens - freshAudio);
  const text = freshText * list.input + cachedInputTokens * list.cached_input;
  const spoken = freshAudio * (list.audio_input ?? 0) + outputAudioTokens * (list.audio_output ?? 0);
  return (text + spoken + Math.max(0, outputTokens - outputAudioTokens) * list.output) / 1_000_000;
}
