import type { Logger } from '../platform/log.ts';
import { createSpeechEngines } from '../speech/index.ts';
import { createLocalMind } from './openai/local-mind.ts';
import { type OpenAiServer, startOpenAiServer } from './openai/server.ts';
import { createLocalEar, createLocalVoice } from './yandex/local-speech.ts';
import { startYandexServer, type YandexServer } from './yandex/yandex-server.ts';

export interface MockEnginesOptions {
  /** On 127.0.0.1; 0, or none: the system chooses. */
  readonly openAiPort?: number;
  readonly yandexPort?: number;
  readonly pocketsphinxStreamBin?: string | undefined;
  readonly log: Logger;
}

export interface MockEngines {
  readonly openAi: OpenAiServer;
  readonly yandex: YandexServer;
  /** What makes the product take them for the vendors. */
  readonly environment: Readonly<Record<string, string>>;
  /** Idempotent. */
  close(): Promise<void>;
}

const YANDEX_KEY = 'local';

/**
 * Both vendors' protocol servers with the local engines behind them: the whole product can be tried as theirs without a key.
 * They hear and answer English; in Russian they speak, and understand that somebody does.
 */
export async function startMockEngines(options: MockEnginesOptions): Promise<MockEngines> {
  const { openAiPort = 0, yandexPort = 0, pocketsphinxStreamBin, log } = options;
  const engines = createSpeechEngines({ log, pocketsphinxStreamBin });
  const speechToText = engines.speechToText('local');
  const textToSpeech = engines.textToSpeech('local');
  const opened = await Promise.allSettled([
    startOpenAiServer({
      port: openAiPort,
      otherKeys: [YANDEX_KEY],
      mind: createLocalMind({ speechToText, tutor: engines.tutor('local'), textToSpeech }),
    }),
    startYandexServer({
      port: yandexPort,
      hear: createLocalEar(speechToText),
      speak: createLocalVoice(textToSpeech),
      keys: [YANDEX_KEY],
    }),
  ]);
  const [openAi, yandex] = opened;
  if (openAi.status === 'rejected' || yandex.status === 'rejected') {
    for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
    await engines.close();
    throw openAi.status === 'rejected' ? openAi.reason : (yandex as PromiseRejectedResult).reason;
  }
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await Promise.all([openAi.value.close(), yandex.value.close()]);
    await engines.close();
  };
  return {
    openAi: openAi.value,
    yandex: yandex.value,
    environment: {
      OPENAI_BASE_URL: openAi.value.baseUrl,
      OPENAI_API_KEY: openAi.value.apiKey,
      YANDEX_STT_ENDPOINT: yandex.value.endpoint,
      YANDEX_TTS_ENDPOINT: yandex.value.endpoint,
      YANDEX_LLM_ENDPOINT: openAi.value.baseUrl,
      YANDEX_API_KEY: YANDEX_KEY,
      YANDEX_FOLDER_ID: 'local',
    },
    close: () => (closing ??= closeAll()),
  };
}
