import type { Knex } from 'knex';
import { z } from 'zod';
import { defineSetting, readSetting, type Setting } from '../platform/settings.ts';
import type { Language } from './engine.ts';
import { pricesSetting } from './fallback/prices.ts';
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

export async function readEngineWishes(knex: Knex, language: Language): Promise<EngineWishes> {
  const { engine, stt, tutor, tts } = choices[language];
  const [wanted, ...lists] = await Promise.all([
    readSetting(knex, engine),
    ...[stt, tutor, tts].map((setting) => readSetting(knex, setting)),
  ]);
  const [hearing, answering, speaking] = lists;
  return { engine: wanted === 'auto' ? undefined : wanted, stt: hearing, tutor: answering, tts: speaking };
}

export type ModelNames = Readonly<Partial<Record<keyof typeof models, string>>>;

/** Those that are set. */
export async function readModelNames(knex: Knex): Promise<ModelNames> {
  const entries = await Promise.all(
    Object.entries(models).map(async ([name, setting]) => [name, await readSetting(knex, setting)] as const),
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}
