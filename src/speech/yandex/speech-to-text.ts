import type { RecognizerClient } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt_service';
import {
  LanguageRestrictionOptions_LanguageRestrictionType as RestrictionType,
  RawAudio_AudioEncoding,
  RecognitionModelOptions_AudioProcessingType as ProcessingType,
  DefaultEouClassifier_EouSensitivity as Sensitivity,
  StreamingOptions,
  TextNormalizationOptions_TextNormalization as Normalization,
} from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { ENGINE_SAMPLE_RATE, type Language, type SpeechToText } from '../engine.ts';
import type { Channel } from './channel.ts';
import { RECOGNITION_LIMITS, type RecognitionLimits } from './recognition-limits.ts';
import { RecognitionStream } from './recognition-stream.ts';
import { engineError, ENGINE_NAME } from './status.ts';

const LANGUAGE_CODES: Readonly<Record<Language, string>> = { en: 'en-US', ru: 'ru-RU' };
/** A session ends by itself long before this; it is for one that does not. */
const CALL_DEADLINE_MS = 330_000;

export interface RecognitionOptions {
  /** `general`, `general:rc` or `general:deprecated`. */
  readonly model?: string | undefined;
  /** `call`: the language that the call is in. `automatic`: whatever is spoken, each sentence by itself. */
  readonly languages?: 'call' | 'automatic' | undefined;
  /** Who decides that the speaker has finished: the caller of the stream, or SpeechKit's own classifier. */
  readonly endpointing?: 'caller' | 'service' | undefined;
  /** Numbers and dates in figures. Costs the time that the refinement takes; a text as it was said needs none. */
  readonly normalize?: boolean | undefined;
  readonly limits?: Partial<RecognitionLimits> | undefined;
}

export interface YandexSpeechToText extends SpeechToText {
  /** Ends every stream with a retryable error. Idempotent. */
  close(): void;
}

/**
 * Streaming recognition by SpeechKit v3: 16 kHz, partials, finals with the times of words, refinements.
 * Source: https://yandex.cloud/en/docs/speechkit/stt-v3/api-ref/grpc/Recognizer/recognizeStreaming
 */
export function createSpeechToText(
  channel: Channel<RecognizerClient>,
  options: RecognitionOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): YandexSpeechToText {
  const { endpointing = 'caller', normalize = true } = options;
  const limits = { ...RECOGNITION_LIMITS, ...options.limits };
  const streams = new Set<RecognitionStream>();
  return {
    name: ENGINE_NAME,
    capabilities: { languages: ['en', 'ru'], endOfUtterance: endpointing === 'service', wordTimes: true },
    open({ language, signal }) {
      const stream = new RecognitionStream({
        openCall() {
          const deadline = Date.now() + CALL_DEADLINE_MS;
          return channel.start((client, metadata) => client.recognizeStreaming(metadata, { deadline }));
        },
        session: sessionOptions(language, options),
        endpointing,
        refinements: normalize,
        limits,
        signal,
        clock,
        log,
        onClosed: (closed) => streams.delete(closed),
      });
      if (!signal.aborted) streams.add(stream);
      return stream;
    },
    close() {
      for (const stream of streams) stream.fail(engineError('engine_unavailable', 'Speech recognition was closed.'));
    },
  };
}

function sessionOptions(language: Language, options: RecognitionOptions): StreamingOptions {
  const { model = 'general', languages = 'call', endpointing = 'caller', normalize = true } = options;
  return StreamingOptions.fromPartial({
    recognitionModel: {
      model,
      audioFormat: {
        rawAudio: {
          audioEncoding: RawAudio_AudioEncoding.LINEAR16_PCM,
          sampleRateHertz: ENGINE_SAMPLE_RATE,
          audioChannelCount: 1,
        },
      },
      textNormalization: {
        textNormalization: normalize
          ? Normalization.TEXT_NORMALIZATION_ENABLED
          : Normalization.TEXT_NORMALIZATION_DISABLED,
        // A learner is easily misheard, and what was heard stands on their screen.
        profanityFilter: true,
        literatureText: false,
      },
      languageRestriction: {
        restrictionType: RestrictionType.WHITELIST,
        languageCode: [languages === 'call' ? LANGUAGE_CODES[language] : 'auto'],
      },
      audioProcessingType: ProcessingType.REAL_TIME,
    },
    eouClassifier:
      endpointing === 'caller'
        ? { externalClassifier: {} }
        : { defaultClassifier: { type: Sensitivity.DEFAULT, maxPauseBetweenWordsHintMs: 1_000 } },
  });
}
