import { z } from 'zod';
import { folder, webAddress, type Problem, type Values } from './values.ts';

/** Who hears, thinks and speaks, and the vendors' keys. */

/** Spoken to over TLS, but for a server on this machine: a key must not travel readable. */
const grpcAddress = z
  .string()
  .regex(
    /^(http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\]):\d{1,5}|(https:\/\/)?[a-z0-9.-]+(:\d{1,5})?)$/i,
    'must be host:port, or http://127.0.0.1:port on this machine',
  );
/** Engines register themselves by name; which names there are is the speech room's to know. */
const engineName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be an engine name such as "local"');
/** Several between commas: the first is asked first. */
const engineNames = z
  .string()
  .regex(/^ *[a-z][a-z0-9-]{0,31}( *, *[a-z][a-z0-9-]{0,31}){0,4} *$/, 'must be engine names such as "yandex,local"')
  .transform((value) => value.split(',').map((name) => name.trim()));
/** It goes out in a header: what a paste left around it is cut off, and what no header can hold would end calls, not the start. */
const key = z
  .string()
  .trim()
  .regex(/^[\x21-\x7E]+$/, 'must be letters, digits and signs without spaces');
const yesOrNo = z.enum(['true', 'false'], 'must be true or false');

export const engineVariables = {
  VOICE_ENGINE: engineName.optional(),
  STT_ENGINE: engineNames.optional(),
  TUTOR_ENGINE: engineNames.optional(),
  TTS_ENGINE: engineNames.optional(),
  POCKETSPHINX_STREAM_BIN: folder.optional(),

  OPENAI_API_KEY: key.optional(),
  OPENAI_BASE_URL: webAddress.optional(),
  OPENAI_REALTIME_MODEL: z.string().optional(),
  OPENAI_TRANSCRIPTION_MODEL: z.string().optional(),
  OPENAI_REALTIME_TRANSCRIPTION_MODEL: z.string().optional(),
  OPENAI_SPEECH_MODEL: z.string().optional(),
  OPENAI_TUTOR_MODEL: z.string().optional(),
  OPENAI_TUTOR_API: z.enum(['responses', 'chat'], 'must be responses or chat').optional(),
  OPENAI_TUTOR_TOOLS: yesOrNo.optional(),
  OPENAI_TUTOR_EFFORT: z
    .enum(['none', 'minimal', 'low', 'medium', 'high'], 'must be none, minimal, low, medium or high')
    .optional(),
  OPENAI_TURN_DETECTION: z.enum(['semantic', 'server'], 'must be semantic or server').optional(),

  YANDEX_API_KEY: key.optional(),
  YANDEX_IAM_TOKEN: key.optional(),
  YANDEX_FOLDER_ID: z
    .string()
    .regex(/^[a-z0-9]{1,64}$/, "must be a folder's id")
    .optional(),
  YANDEX_STT_ENDPOINT: grpcAddress.optional(),
  YANDEX_TTS_ENDPOINT: grpcAddress.optional(),
  YANDEX_LLM_ENDPOINT: webAddress.optional(),
  YANDEX_TUTOR_MODEL: z.string().optional(),
  YANDEX_TUTOR_TOOLS: yesOrNo.optional(),
  YANDEX_LANGUAGES: z.enum(['call', 'automatic'], 'must be call or automatic').optional(),
  YANDEX_ENDPOINTING: z.enum(['caller', 'service'], 'must be caller or service').optional(),
  YANDEX_SYNTHESIS: z.enum(['utterance', 'stream'], 'must be utterance or stream').optional(),
};

type Variables = Values<typeof engineVariables>;

/** An engine that was asked for by name, without the key that it needs. */
export function engineProblems(v: Variables): Problem[] {
  const wanted = {
    VOICE_ENGINE: v.VOICE_ENGINE === undefined ? [] : [v.VOICE_ENGINE],
    STT_ENGINE: v.STT_ENGINE ?? [],
    TUTOR_ENGINE: v.TUTOR_ENGINE ?? [],
    TTS_ENGINE: v.TTS_ENGINE ?? [],
  };
  const needs = [
    { engine: 'openai', variable: 'OPENAI_API_KEY', given: v.OPENAI_API_KEY, by: Object.keys(wanted) },
    {
      engine: 'yandex',
      variable: 'YANDEX_API_KEY',
      given: v.YANDEX_API_KEY ?? v.YANDEX_IAM_TOKEN,
      by: Object.keys(wanted),
    },
    { engine: 'yandex', variable: 'YANDEX_FOLDER_ID', given: v.YANDEX_FOLDER_ID, by: ['TUTOR_ENGINE'] },
  ];
  return needs.flatMap(({ engine, variable, given, by }) => {
    const names = Object.entries(wanted).flatMap(([name, engines]) =>
      by.includes(name) && engines.includes(engine) ? [name] : [],
    );
    if (given !== undefined || names.length === 0) return [];
    return [{ variable, problem: `must be set when ${names.join(' and ')} names ${engine}` }];
  });
}

export function arrangeEngines(v: Variables) {
  return {
    speech: {
      /** What is wanted of the engines; settings are stronger. */
      wishes: { engine: v.VOICE_ENGINE, stt: v.STT_ENGINE, tutor: v.TUTOR_ENGINE, tts: v.TTS_ENGINE },
      pocketsphinxStreamBin: v.POCKETSPHINX_STREAM_BIN,
      openai: {
        apiKey: v.OPENAI_API_KEY,
        baseUrl: v.OPENAI_BASE_URL,
        tutorApi: v.OPENAI_TUTOR_API,
        tutorTools: v.OPENAI_TUTOR_TOOLS !== 'false',
        tutorEffort: v.OPENAI_TUTOR_EFFORT,
        turnDetection: v.OPENAI_TURN_DETECTION,
        models: {
          realtime: v.OPENAI_REALTIME_MODEL,
          transcription: v.OPENAI_TRANSCRIPTION_MODEL,
          realtimeTranscription: v.OPENAI_REALTIME_TRANSCRIPTION_MODEL,
          speech: v.OPENAI_SPEECH_MODEL,
          tutor: v.OPENAI_TUTOR_MODEL,
        },
      },
      yandex: {
        apiKey: v.YANDEX_API_KEY,
        iamToken: v.YANDEX_IAM_TOKEN,
        sttEndpoint: v.YANDEX_STT_ENDPOINT,
        ttsEndpoint: v.YANDEX_TTS_ENDPOINT,
        folderId: v.YANDEX_FOLDER_ID,
        llmEndpoint: v.YANDEX_LLM_ENDPOINT,
        tutorModel: v.YANDEX_TUTOR_MODEL,
        tutorTools: v.YANDEX_TUTOR_TOOLS !== 'false',
        languages: v.YANDEX_LANGUAGES,
        endpointing: v.YANDEX_ENDPOINTING,
        synthesis: v.YANDEX_SYNTHESIS,
      },
    },
  };
}
