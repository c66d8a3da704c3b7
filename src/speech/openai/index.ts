import OpenAI from 'openai';

import { systemClock } from '../../platform/clock.ts';
import type { SpeechToSpeech, SpeechToText, TextToSpeech, Tutor } from '../engine.ts';
import { createChatModel } from './chat-model.ts';
import { createKeepAliveFetch } from './keep-alive-fetch.ts';
import { DEFAULT_LIMITS, DEFAULT_MODELS, type OpenAiContext, type OpenAiOptions } from './options.ts';
import { createRealtime } from './realtime.ts';
import { createResponsesModel } from './responses-model.ts';
import { createSpeech } from './speech.ts';
import { createTranscription } from './transcription.ts';
import { createOpenAiTutor } from './tutor.ts';

export type { OpenAiLimits, OpenAiModels, OpenAiOptions, TurnDetection, TutorApi } from './options.ts';

const BASE_URL = 'https://api.openai.com/v1';

export interface OpenAiEngines {
  readonly speechToText: SpeechToText;
  readonly textToSpeech: TextToSpeech;
  readonly tutor: Tutor;
  readonly speechToSpeech: SpeechToSpeech;
  /** Ends every stream with a retryable error, and cuts the connections. Idempotent. */
  close(): void;
}

/**
 * OpenAI's engines, all named `openai`; English and Russian, 24 kHz. Nothing is opened by it. Failed requests are not tried
 * again here: the layer above decides.
 */
export function createOpenAi(options: OpenAiOptions): OpenAiEngines {
  const { apiKey, baseUrl = BASE_URL, log, clock = systemClock } = options;
  const context: OpenAiContext = {
    apiKey,
    baseUrl: baseUrl.replace(/\/+$/, ''),
    models: { ...DEFAULT_MODELS, ...withoutGaps(options.models) },
    voice: options.voice ?? 'marin',
    turnDetection: options.turnDetection ?? 'semantic',
    tutorTools: options.tutorTools ?? true,
    limits: { ...DEFAULT_LIMITS, ...withoutGaps(options.limits) },
    log,
    clock,
  };
  const connections = createKeepAliveFetch(context.baseUrl);
  const client = new OpenAI({
    apiKey,
    baseURL: context.baseUrl,
    fetch: connections.fetch,
    maxRetries: 0,
    timeout: context.limits.firstResultMs,
    // Only our configuration counts, not what the SDK finds in the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // Its log knows bodies.
    logLevel: 'off',
  });
  const transcription = createTranscription(context);
  const realtime = createRealtime(context);
  const model = (options.tutorApi ?? 'responses') === 'chat' ? createChatModel : createResponsesModel;

  return {
    speechToText: transcription.engine,
    textToSpeech: createSpeech(client, context),
    tutor: createOpenAiTutor(model(client, context), context),
    speechToSpeech: realtime.engine,
    close() {
      transcription.close();
      realtime.close();
      connections.close();
    },
  };
}

/** An unset variable must not hide a default. */
function withoutGaps<Values extends object>(values: Values | undefined): Partial<Values> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as Partial<Values>;
}
