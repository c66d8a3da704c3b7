import type { Config } from '../platform/config.ts';
import type { Logger } from '../platform/log.ts';
import type { Tutor } from '../speech/engine.ts';
import type { ModelNames } from '../speech/engine-settings.ts';
import type { AdditionalEngines } from '../speech/index.ts';

/** The engines of one vendor, as they are configured. */
export interface VendorEngines extends Required<AdditionalEngines> {
  close(): Promise<void>;
}

/** Loads a vendor's package, and connects nothing. `undefined`: it has no key. */
export type LoadVendor = (models: ModelNames) => Promise<VendorEngines | undefined>;

export function vendorLoaders({ speech }: Pick<Config, 'speech'>, log: Logger): Readonly<Record<string, LoadVendor>> {
  return {
    openai: (models) => loadOpenAi(speech.openai, models, log),
    yandex: (models) => loadYandex(speech.yandex, models, log),
  };
}

async function loadOpenAi(
  configured: Config['speech']['openai'],
  models: ModelNames,
  log: Logger,
): Promise<VendorEngines | undefined> {
  const { apiKey, baseUrl, tutorApi, tutorTools, tutorEffort, turnDetection } = configured;
  if (apiKey === undefined) return undefined;
  const { createOpenAi } = await import('../speech/openai/index.ts');
  const openai = createOpenAi({
    apiKey,
    baseUrl,
    tutorApi,
    tutorTools,
    tutorEffort,
    turnDetection,
    models: {
      ...defined({
        realtime: models.openaiRealtimeModel ?? configured.models.realtime,
        transcription: models.openaiTranscriptionModel ?? configured.models.transcription,
        realtimeTranscription: configured.models.realtimeTranscription,
        speech: models.openaiSpeechModel ?? configured.models.speech,
        tutor: models.openaiTutorModel ?? configured.models.tutor,
      }),
    },
    voice: models.openaiVoice,
    log,
  });
  return {
    speechToText: [openai.speechToText],
    tutors: [openai.tutor],
    textToSpeech: [openai.textToSpeech],
    speechToSpeech: [openai.speechToSpeech],
    close: async () => openai.close(),
  };
}

async function loadYandex(
  configured: Config['speech']['yandex'],
  models: ModelNames,
  log: Logger,
): Promise<VendorEngines | undefined> {
  const { apiKey, iamToken, folderId, sttEndpoint, ttsEndpoint, languages, endpointing } = configured;
  const credentials = apiKey !== undefined ? { apiKey } : iamToken !== undefined ? { iamToken } : undefined;
  if (!credentials) return undefined;
  const { createYandex, languageModelAccess } = await import('../speech/yandex/index.ts');
  const voices = defined({ en: models.yandexVoiceEn, ru: models.yandexVoiceRu });
  const yandex = createYandex({
    ...credentials,
    folderId,
    sttEndpoint,
    ttsEndpoint,
    recognition: { languages, endpointing },
    synthesis: { voices, method: configured.synthesis },
    log,
  });
  const thinking: { readonly tutor: Tutor; close(): void }[] = [];
  if (folderId !== undefined) {
    const { createCompatibleTutor } = await import('../speech/openai/index.ts');
    const { llmEndpoint: endpoint, tutorModel, tutorTools: tools } = configured;
    const access = languageModelAccess({
      credentials,
      folderId,
      model: models.yandexTutorModel ?? tutorModel,
      endpoint,
    });
    thinking.push(createCompatibleTutor({ name: 'yandex', ...access, tools, log }));
  }
  return {
    speechToText: [yandex.speechToText],
    tutors: thinking.map(({ tutor }) => tutor),
    textToSpeech: [yandex.textToSpeech],
    speechToSpeech: [],
    async close() {
      for (const one of thinking) one.close();
      await yandex.close();
    },
  };
}

/** Without what is not set. */
function defined<Name extends string>(
  values: Readonly<Record<Name, string | undefined>>,
): Partial<Record<Name, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<Name, string>
  >;
}
