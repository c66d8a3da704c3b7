import type { Knex } from 'knex';
import { z } from 'zod';
import type { Logger } from '../platform/log.ts';
import { defineSetting, type Setting } from '../platform/settings.ts';
import type { Language } from './engine.ts';
import { type PriceList, pricesSetting } from './fallback/prices.ts';
import { ENGINE_LANGUAGES, type EngineWishes } from './languages.ts';

/** What staff may choose of the engines; a call reads it when it starts. A value here is stronger than the environment. */

type Described<Schema extends z.ZodType> = Setting<Schema> & { readonly description: string };

const names = (kind: 'stt' | 'tutor' | 'tts') => Object.keys(ENGINE_LANGUAGES[kind]);
/** Empty: as the environment says. */
const text = z.string().trim().max(100);

function engineOf(language: Language) {
  return {
    ...defineSetting({
      key: `speech.engine_${language}`,
      schema: z.enum(['auto', 'openai', 'yandex', 'local']),
      fallback: 'auto' as const,
    }),
    description: `The engine of lessons in ${languageNames[language]}; auto: as the environment says`,
  };
}

function listOf(kind: 'stt' | 'tutor' | 'tts', language: Language) {
  return {
    ...defineSetting({
      key: `speech.${kind}_${language}`,
      schema: z.array(z.enum(names(kind))).max(5),
      fallback: [] as string[],
    }),
    description: `${kindNames[kind]} in ${languageNames[language]}: exactly these, one after the other; empty: the engine's own choice`,
  };
}

function named(name: string, description: string): Described<typeof text> {
  return { ...defineSetting({ key: `speech.${name}`, schema: text, fallback: '' }), description };
}

const languageNames: Readonly<Record<Language, string>> = { en: 'English', ru: 'Russian' };
const kindNames = { stt: 'Who hears', tutor: 'Who answers', tts: 'Who speaks' } as const;

const choices = {
  en: { engine: engineOf('en'), stt: listOf('stt', 'en'), tutor: listOf('tutor', 'en'), tts: listOf('tts', 'en') },
  ru: { engine: engineOf('ru'), stt: listOf('stt', 'ru'), tutor: listOf('tutor', 'ru'), tts: listOf('tts', 'ru') },
} as const;

const models = {
  openaiRealtimeModel: named('openai_realtime_model', 'The model that hears, thinks and speaks in one'),
  openaiTranscriptionModel: named('openai_transcription_model', 'The model that hears'),
  openaiSpeechModel: named('openai_speech_model', 'The model that speaks'),
  openaiTutorModel: named('openai_tutor_model', 'The model that answers'),
  openaiVoice: named('openai_voice', 'The voice: marin, cedar, alloy or another'),
  yandexVoiceEn: named('yandex_voice_en', 'The English voice, with its role after a colon: john'),
  yandexVoiceRu: named('yandex_voice_ru', 'The Russian voice, with its role after a colon: marina:friendly'),
} as const;

/** Tokens that the system rules may take of a request. */
export const instructionTokensSetting = defineSetting({
  key: 'speech.instruction_tokens',
  schema: z.int().min(100).max(20_000),
  fallback: 1_500,
});

/** All of them: for whoever shows them. */
export const speechSettings: readonly Described<z.ZodType>[] = [
  ...Object.values(choices).flatMap((ofLanguage) => Object.values(ofLanguage)),
  ...Object.values(models),
  { ...instructionTokensSetting, description: 'Tokens that the system rules may take of each request' },
  { ...pricesSetting, description: 'What the engines charge, in millionths of a rouble' },
];

/** What was stored of these keys. */
type Stored = ReadonlyMap<string, unknown>;

/** The engines and their models as they are set now, in one look. */
export interface EngineSettings {
  wishes(language: Language): EngineWishes;
  readonly models: ModelNames;
  readonly prices: PriceList;
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
  };
}
