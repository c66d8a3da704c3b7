import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { systemClock } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { ENGINE_FRAME_SAMPLES } from '../../speech/engine.ts';
import { createEspeak } from '../../speech/local/espeak.ts';
import { createPocketSphinx } from '../../speech/local/pocketsphinx.ts';
import { createYandex, type Yandex } from '../../speech/yandex/index.ts';
import { EventReader } from '../conformance/event-reader.ts';
import { createTone } from '../engines/scripted-text-to-speech.ts';
import { fliteVoice } from '../flite-voice.ts';
import { PATIENT_RECOGNIZER, recognizerProgram } from '../recognizer-program.ts';
import { RUSSIAN_WORDS } from '../russian-stand-in.ts';
import { createLocalEar, createLocalVoice } from './local-speech.ts';
import { startYandexServer, type YandexServer } from './yandex-server.ts';

const deadlineMs = PATIENT_RECOGNIZER.finalDeadlineMs;
/** Local programs answer for the vendor here, on cores that others want too. */
const limits = { stallDeadlineMs: deadlineMs, finalDeadlineMs: deadlineMs };
const deadlines = { firstAudioDeadlineMs: deadlineMs, stallDeadlineMs: deadlineMs };
const { signal } = new AbortController();

describe('the protocol server with local speech behind it', () => {
  const log = createSilentLogger();
  const ear = createPocketSphinx({ program: recognizerProgram(), clock: systemClock, log, ...PATIENT_RECOGNIZER });
  const voice = createEspeak({ deadlineMs });
  let server: YandexServer;
  let yandex: Yandex;
  before(async () => {
    server = await startYandexServer({ hear: createLocalEar(ear), speak: createLocalVoice(voice) });
    const { endpoint } = server;
    yandex = createYandex({
      apiKey: 'any',
      sttEndpoint: endpoint,
      ttsEndpoint: endpoint,
      recognition: { limits },
      synthesis: { deadlines },
      log,
    });
  });
  after(async () => {
    await yandex.close();
    await server.close();
    await ear.close();
    await voice.close();
  });

  test('understands a sentence that is spoken to it, twice in a session', async () => {
    const spoken = await fliteVoice('Could I have a cup of coffee, please?');
    const stream = yandex.speechToText.open({ language: 'en', signal });
    const reader = new EventReader(stream.events, deadlineMs);
    for (let i = 0; i < 2; i++) {
      stream.startUtterance(0);
      for (let from = 0; from + ENGINE_FRAME_SAMPLES <= spoken.length; from += ENGINE_FRAME_SAMPLES) {
        stream.write(spoken.subarray(from, from + ENGINE_FRAME_SAMPLES));
      }
      stream.endUtterance();
      const { text, words = [] } = await reader.until('final');
      assert.match(text, /cup of coffee/);
      assert.ok(words.every(({ endMs }) => endMs <= spoken.length / 16 + 20));
    }
    stream.close();
  });

  test('hears that Russian is spoken, and nothing in silence', async () => {
    const stream = yandex.speechToText.open({ language: 'ru', signal });
    const reader = new EventReader(stream.events, deadlineMs);
    const finals: string[] = [];
    for (const durationMs of [1_000, 0]) {
      const speech = new Int16Array(24_000);
      speech.set(createTone({ sampleRate: 16_000, durationMs }));
      stream.startUtterance(0);
      for (let from = 0; from + ENGINE_FRAME_SAMPLES <= speech.length; from += ENGINE_FRAME_SAMPLES) {
        stream.write(speech.subarray(from, from + ENGINE_FRAME_SAMPLES));
      }
      stream.endUtterance();
      finals.push((await reader.until('final')).text);
    }
    assert.deepEqual(finals, [RUSSIAN_WORDS, '']);
    stream.close();
  });

  for (const [language, text] of [
    ['en', 'Good morning.'],
    ['ru', 'Доброе утро, как у вас дела?'],
  ] as const) {
    test(`speaks: ${language}`, async () => {
      const events = yandex.textToSpeech.synthesize({ text, language, rate: 1 }, signal);
      const audio = (await new EventReader(events, deadlineMs).rest()).filter((event) => event.type === 'audio');
      const samples = audio.reduce((sum, event) => sum + event.samples.length, 0);
      const seconds = samples / yandex.textToSpeech.sampleRate;
      assert.ok(seconds > 0.5 && seconds < 5, `${seconds} s`);
    });
  }
});
