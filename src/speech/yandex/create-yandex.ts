import { RecognizerClient } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt_service';
import { SynthesizerClient } from '@yandex-cloud/nodejs-sdk/ai-tts-v3/tts_service';

import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { SpeechToText, TextToSpeech } from '../engine.ts';
import { Channel, type YandexCredentials } from './channel.ts';
import { parseEndpoint } from './endpoint.ts';
import { createSpeechToText, type RecognitionOptions } from './speech-to-text.ts';
import { createTextToSpeech, type SynthesisOptions } from './text-to-speech.ts';

const STT_ENDPOINT = 'stt.api.cloud.yandex.net:443';
const TTS_ENDPOINT = 'tts.api.cloud.yandex.net:443';

export type YandexOptions = YandexCredentials & {
  /** `host:port` over TLS, or `http://127.0.0.1:port`; Yandex's own when not given. */
  readonly sttEndpoint?: string | undefined;
  readonly ttsEndpoint?: string | undefined;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly recognition?: RecognitionOptions;
  readonly synthesis?: SynthesisOptions;
};

export interface Yandex {
  readonly speechToText: SpeechToText;
  readonly textToSpeech: TextToSpeech;
  /** Ends what lives with a retryable error, and the connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * Yandex SpeechKit v3: hears and speaks Russian and English. Nothing is connected by it; each service has a connection that is
 * opened with its first use and shared by all calls of the process, and more only for very many of them.
 * @throws AppError `config_invalid` for an endpoint that is none.
 */
export function createYandex(options: YandexOptions): Yandex {
  const { sttEndpoint = STT_ENDPOINT, ttsEndpoint = TTS_ENDPOINT, clock = systemClock } = options;
  const surroundings = { clock, log: options.log.child({ engine: 'yandex' }) };
  const recognizer = new Channel(RecognizerClient, parseEndpoint(sttEndpoint), options);
  const synthesizer = new Channel(SynthesizerClient, parseEndpoint(ttsEndpoint), options);
  const speechToText = createSpeechToText(recognizer, options.recognition ?? {}, surroundings);
  const textToSpeech = createTextToSpeech(synthesizer, options.synthesis ?? {}, surroundings);
  return {
    speechToText,
    textToSpeech,
    close() {
      speechToText.close();
      textToSpeech.close();
      recognizer.close();
      synthesizer.close();
      return Promise.resolve();
    },
  };
}
