import type { YandexCredentials } from './channel.ts';

/** Source: https://yandex.cloud/en/docs/ai-studio/concepts/openai-compatibility */
const ENDPOINT = 'https://llm.api.cloud.yandex.net/v1';
const MODEL = 'yandexgpt/latest';

export interface LanguageModelOptions {
  readonly credentials: YandexCredentials;
  /** Of the model; AI Studio keeps models by folder. */
  readonly folderId: string;
  /** `yandexgpt/latest`, `yandexgpt-lite/latest`, or a whole URI. */
  readonly model?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** What a client of Chat Completions needs to think with Yandex AI Studio. */
export interface LanguageModelAccess {
  /** A token that may change is asked for anew with each request. */
  readonly apiKey: string | (() => string);
  readonly baseUrl: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** AI Studio's models speak the Chat Completions protocol. Its log of requests is turned off: they hold what learners said. */
export function languageModelAccess(options: LanguageModelOptions): LanguageModelAccess {
  const { credentials, folderId, model = MODEL, endpoint = ENDPOINT } = options;
  return {
    apiKey: 'apiKey' in credentials ? credentials.apiKey : credentials.iamToken,
    baseUrl: endpoint,
    model: model.includes('://') ? model : `gpt://${folderId}/${model}`,
    headers: { 'openai-project': folderId, 'x-data-logging-enabled': 'false' },
  };
}
