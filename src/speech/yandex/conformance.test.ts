import { after, before, describe } from 'node:test';

import { createSilentLogger } from '../../platform/log.ts';
import { testSpeechToText } from '../../testing/conformance/speech-to-text.ts';
import { testTextToSpeech } from '../../testing/conformance/text-to-speech.ts';
import { createCodedSpeech } from '../../testing/yandex/coded-speech.ts';
import { startYandexServer, type YandexServer } from '../../testing/yandex/yandex-server.ts';
import { createYandex, type Yandex, type YandexOptions } from './index.ts';

const deadlineMs = 20_000;
const speech = createCodedSpeech(['hello', 'world', 'привет']);
const SILENCE_MS = 300;

/** A sentence with silence before and after. */
function padded(words: readonly string[]): Int16Array {
  const said = speech.say(words);
  const samples = new Int16Array(said.length + 2 * SILENCE_MS * 16);
  samples.set(said, SILENCE_MS * 16);
  return samples;
}

const ways: Readonly<Record<string, Pick<YandexOptions, 'recognition' | 'synthesis'>>> = {
  'the caller ends utterances, a call for each piece': {},
  'the service ends utterances, one call for a sentence': {
    recognition: { endpointing: 'service', languages: 'automatic' },
    synthesis: { method: 'stream' },
  },
};

for (const [way, options] of Object.entries(ways)) {
  describe(`SpeechKit: ${way}`, () => {
    let server: YandexServer;
    let yandex: Yandex;
    before(async () => {
      server = await startYandexServer({ hear: speech.ear, keys: ['key'] });
      const { endpoint } = server;
      const log = createSilentLogger();
      yandex = createYandex({ apiKey: 'key', sttEndpoint: endpoint, ttsEndpoint: endpoint, log, ...options });
    });
    after(async () => {
      await yandex.close();
      await server.close();
    });

    for (const { language, word } of [
      { language: 'en', word: 'hello' },
      { language: 'ru', word: 'привет' },
    ] as const) {
      testSpeechToText(() => ({
        engine: yandex.speechToText,
        language,
        utterance: padded([word, 'world']),
        speechStartsAtMs: SILENCE_MS,
        word,
        deadlineMs,
        longUtteranceSpeed: 40,
      }));
    }
    testTextToSpeech(() => ({ engine: yandex.textToSpeech, deadlineMs }));
  });
}
