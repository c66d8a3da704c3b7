import type { SpeechToSpeech, SpeechToText, TextToSpeech, Tutor } from '../engine.ts';
import { createChatModel } from './chat-model.ts';
import { createClient, createContext } from './client.ts';
import { ENGINE_NAME } from './engine-errors.ts';
import type { OpenAiOptions } from './options.ts';
import { createRealtime } from './realtime.ts';
import { createResponsesModel } from './responses-model.ts';
import { createSpeech } from './speech.ts';
import { createTranscription } from './transcription.ts';
import { createOpenAiTutor } from './tutor.ts';

export { createCompatibleTutor } from './compatible-tutor.ts';
export type { OpenAiLimits, OpenAiModels, OpenAiOptions, TurnDetection, TutorApi } from './options.ts';

export interface OpenAiEngines {
  readonly speechToText: SpeechToText;
  readonly textToSpeech: TextToSpeech;
  readonly tutor: Tutor;
  readonly speechToSpeech: SpeechToSpeech;
  /** Ends every stream with a retryable error, and cuts the connections. Idempotent. */
  close(): void;
}

/** OpenAI's engines, all named `openai`; English and Russian, 24 kHz. Nothing is opened by it. */
export function createOpenAi(options: OpenAiOptions): OpenAiEngines {
  const context = createContext(options);
  const { client, close } = createClient(context);
  const transcription = createTranscription(context);
  const realtime = createRealtime(context);
  const model = (options.tutorApi ?? 'responses') === 'chat' ? createChatModel : createResponsesModel;

  return {
    speechToText: transcription.engine,
    textToSpeech: createSpeech(client, context),
    tutor: createOpenAiTutor(model(client, context), context, ENGINE_NAME),
    speechToSpeech: realtime.engine,
    close() {
      transcription.close();
      realtime.close();
      close();
    },
  };
}
