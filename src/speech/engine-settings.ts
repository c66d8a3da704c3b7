import type { Knex } from 'knex';
import { z } from 'zod';
import type { Logger } from '../platform/log.ts';
import { defineSetting, type Setting } from '../platform/settings.ts';
import type { Language } from './engine.ts';
import type { FallbackLimits } from './fallback/fallback-context.ts';
import { limitSettings, limitsFrom } from './fallback/limit-settings.ts';
import { type PriceList, pricesSetting } from './fallback/prices.ts';
import { ENGINE_LANGUAGES, type EngineWishes } from './languages.ts';

/** What staff may choose of the engines; a call reads it when it starts. A value here is stronger than the environment. */

const names = (kind: 'stt' | 'tutor' | 'tts') => Object.keys(ENGINE_LANGUAGES[kind]);
/** Empty: as the environment says. */
const text = z.string().trim().max(100);

function engineOf(language: Language) {
  const { en, ru } = languageNames[language];
  return defineSetting({
    key: `speech.engine_${language}`,
    schema: z.enum(['auto', 'openai', 'yandex', 'local']),
    fallback: 'auto' as const,
    description: {
      en: `The engine of lessons in ${en}; auto: as the environment says`,
      ru: `Движок уроков на ${ru}; auto: как сказано в окружении`,
    },
  });
}

function listOf(kind: 'stt' | 'tutor' | 'tts', language: Language) {
  const [who, inWhat] = [kindNames[kind], languageNames[language]];
  return defineSetting({
    key: `speech.${kind}_${language}`,
    schema: z.array(z.enum(names(kind))).max(5),
    fallback: [] as string[],
    description: {
      en: `${who.en} in ${inWhat.en}: exactly these, one after the other; empty: the engine's own choice`,
      ru: `${who.ru} на ${inWhat.ru}: именно эти, один за другим; пусто: выбирает сам движок`,
    },
  });
}

function named(name: string, en: string, ru: string): Setting<typeof text> {
  return defineSetting({ key: `speech.${name}`, schema: text, fallback: '', description: { en, ru } });
}

const languageNames: Readonly<Record<Language, { readonly en: string; readonly ru: string }>> = {
  en: { en: 'English', ru: 'английском' },
  ru: { en: 'Russian', ru: 'русском' },
};
const kindNames = {
  stt: { en: 'Who hears', ru: 'Кто слушает' },
  tutor: { en: 'Who answers', ru: 'Кто отвечает' },
  tts: { en: 'Who speaks', ru: 'Кто говорит' },
} as const;

const choices = {
  en: { engine: engineOf('en'), stt: listOf('stt', 'en'), tutor: listOf('tutor', 'en'), tts: listOf('tts', 'en') },
  ru: { engine: engineOf('ru'), stt: listOf('stt', 'ru'), tutor: listOf('tutor', 'ru'), tts: listOf('tts', 'ru') },
} as const;

const models = {
  openaiRealtimeModel: named(
    'openai_realtime_model',
    'The model of OpenAI that hears, thinks and speaks in one; empty: as the environment says',
    'Модель OpenAI, которая слышит, думает и говорит сразу; пусто: как сказано в окружении',
  ),
  openaiTranscriptionModel: named(
    'openai_transcription_model',
    'The model of OpenAI that hears; empty: as the environment says',
    'Модель OpenAI, которая слышит; пусто: как сказано в окружении',
  ),
  openaiSpeechModel: named(
    'openai_speech_model',
    'The model of OpenAI that speaks; empty: as the environment says',
    'Модель OpenAI, которая говорит; пусто: как сказано в окружении',
  ),
  openaiTutorModel: named(
    'openai_tutor_model',
    'The model of OpenAI that answers; empty: as the environment says',
    'Модель OpenAI, которая отвечает; пусто: как сказано в окружении',
  ),
  openaiVoice: named(
    'openai_voice',
    'The voice of OpenAI: marin, cedar, alloy or another',
    'Голос OpenAI: marin, cedar, alloy или другой',
  ),
  yandexTutorModel: named(
    'yandex_tutor_model',
    'The model of Yandex that answers: yandexgpt/latest or another; empty: as the environment says',
    'Модель Яндекса, которая отвечает: yandexgpt/latest или другая; пусто: как сказано в окружении',
  ),
  yandexVoiceEn: named(
    'yandex_voice_en',
    'The English voice of Yandex, with its role after a colon: john',
    'Английский голос Яндекса, роль после двоеточия: john',
  ),
  yandexVoiceRu: named(
    'yandex_voice_ru',
    'The Russian voice of Yandex, with its role after a colon: marina:friendly',
    'Русский голос Яндекса, роль после двоеточия: marina:friendly',
  ),
} as const;

/** Tokens that the system rules may take of a request. */
export const instructionTokensSetting = defineSetting({
  key: 'speech.instruction_tokens',
  schema: z.int().min(100).max(20_000),
  fallback: 1_500,
  unit: 'tokens',
  description: {
    en: 'What the system rules may take of each request to a tutor',
    ru: 'Сколько правила могут занять в каждом запросе к преподавателю',
  },
});

/** All of them: for whoever shows them. */
export const speechSettings: readonly Setting<z.ZodType>[] = [
  ...Object.values(choices).flatMap((ofLanguage) => Object.values(ofLanguage)),
  ...Object.values(models),
  instructionTokensSetting,
  ...limitSettings,
  pricesSetting,
];

/** What was stored of these keys. */
type Stored = ReadonlyMap<string, unknown>;

/** The engines and their models as they are set now, in one look. */
export interface EngineSettings {
  wishes(language: Language): EngineWishes;
  readonly models: ModelNames;
  readonly prices: PriceList;
  readonly limits: FallbackLimits;
}

/** Those that are set. */
export type ModelNames = Readonly<Partial<Record<keyof typeof models, string>>>;

/** A value that cannot be is replaced by its default and told to the log: it must not keep anybody from talking. */
export async function readEngineSettings(knex: Knex, log: Logger): Promise<EngineSettings> {
  const rows = await knex<{ key: string; value: unknown }>('settings')
    .whereIn(
      'key',
      speechSettings.map(({ key }) => key),
    )
    .select('key', 'value');
  const stored: Stored = new Map(rows.map(({ key, value }) => [key, value]));
  const valueOf = <Schema extends z.ZodType>({ key, schema, fallback }: Setting<Schema>): z.output<Schema> => {
    if (!stored.has(key)) return fallback;
    const parsed = schema.safeParse(stored.get(key));
    if (parsed.success) return parsed.data;
    log.error({ key, err: parsed.error }, 'A setting holds a value that it cannot have; its default applies');
    return fallback;
  };
  const modelNames = Object.entries(models).map(([name, setting]) => [name, valueOf(setting)] as const);
  return {
    wishes(language) {
      const { engine, stt, tutor, tts } = choices[language];
      const wanted = valueOf(engine);
      return {
        engine: wanted === 'auto' ? undefined : wanted,
        stt: valueOf(stt),
        tutor: valueOf(tutor),
        tts: valueOf(tts),
      };
    },
    models: Object.fromEntries(modelNames.filter(([, name]) => name !== '')),
    prices: valueOf(pricesSetting),
    limits: limitsFrom(valueOf),
  };
}
