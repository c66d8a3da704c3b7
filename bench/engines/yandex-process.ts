import { createTone } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createCodedSpeech } from '../../src/testing/yandex/coded-speech.ts';
import { startYandexServer } from '../../src/testing/yandex/yandex-server.ts';
import { BENCH_WORDS } from './spoken-words.ts';

/** The vendor in a process of its own, answering at once: what is measured beside it is the product's own share. */
const tone = createTone({ sampleRate: 48_000, durationMs: 1_000 });
const server = await startYandexServer({
  hear: createCodedSpeech(BENCH_WORDS).ear,
  speak: {
    async *speak() {
      yield await Promise.resolve(tone);
    },
  },
  recognizer: { partialEveryMs: 0 },
});
process.once('disconnect', () => process.exit(0));
process.send?.({ endpoint: server.endpoint });
