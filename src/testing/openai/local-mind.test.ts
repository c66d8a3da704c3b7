import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { systemClock } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { ENGINE_FRAME_SAMPLES } from '../../speech/engine.ts';
import { createDrillTutor } from '../../speech/local/drill-tutor.ts';
import { createEspeak } from '../../speech/local/espeak.ts';
import { createPocketSphinx } from '../../speech/local/pocketsphinx.ts';
import { createOpenAi, type OpenAiEngines } from '../../speech/openai/index.ts';
import { EventReader } from '../conformance/event-reader.ts';
import { createTone } from '../engines/scripted-text-to-speech.ts';
import { fliteVoice } from '../flite-voice.ts';
import { PATIENT_RECOGNIZER, recognizerProgram } from '../recognizer-program.ts';
import { RUSSIAN_ANSWERS, RUSSIAN_WORDS } from '../russian-stand-in.ts';
import { createLocalMind } from './local-mind.ts';
import { type OpenAiServer, startOpenAiServer } from './server.ts';

const deadlineMs = PATIENT_RECOGNIZER.finalDeadlineMs;
/** Local programs answer for the vendor here, on cores that others want too. */
const limits = { openMs: deadlineMs, firstResultMs: deadlineMs, stallMs: deadlineMs };
const { signal } = new AbortController();

describe('the protocol server with local speech behind it', () => {
  const log = createSilentLogger();
  const ear = createPocketSphinx({ program: recognizerProgram(), clock: systemClock, log, ...PATIENT_RECOGNIZER });
  const voice = createEspeak({ deadlineMs });
  let server: OpenAiServer;
  let engines: OpenAiEngines;
  before(async () => {
    const mind = createLocalMind({ speechToText: ear, tutor: createDrillTutor(), textToSpeech: voice });
    server = await startOpenAiServer({ mind });
    engines = createOpenAi({ apiKey: server.apiKey, baseUrl: server.baseUrl, limits, log });
  });
  after(async () => {
    engines.close();
    await server.close();
    await ear.close();
    await voice.close();
  });

  test('transcribes what is spoken to it', async () => {
    const spoken = await fliteVoice('Could I have a cup of coffee, please?');
    const stream = engines.speechToText.open({ language: 'en', signal });
    const reader = new EventReader(stream.events, deadlineMs);
    stream.startUtterance(0);
    for (let from = 0; from + ENGINE_FRAME_SAMPLES <= spoken.length; from += ENGINE_FRAME_SAMPLES) {
      stream.write(spoken.subarray(from, from + ENGINE_FRAME_SAMPLES));
    }
    stream.endUtterance();
    assert.match((await reader.until('final')).text, /cup of coffee/);
    stream.close();
  });

  test('holds a lesson in a realtime session: greets, hears, and knows what was asked', async () => {
    const spoken = await fliteVoice('Could I have a cup of coffee, please?');
    const options = { language: 'en', level: 'beginner', instructions: '', history: [], signal } as const;
    const session = engines.speechToSpeech.open(options);
    const reader = new EventReader(session.events, deadlineMs);
    session.greet();
    await reader.until('answer_finished');
    const speech = new Int16Array(spoken.length + 16_000);
    speech.set(spoken);
    for (let from = 0; from + ENGINE_FRAME_SAMPLES <= speech.length; from += ENGINE_FRAME_SAMPLES) {
      session.write(speech.subarray(from, from + ENGINE_FRAME_SAMPLES));
    }
    await reader.until('speech_stopped');
    await reader.until('answer_finished');
    const heard = reader.seen.findLast((event) => event.type === 'heard' && event.final);
    assert.ok(heard?.type === 'heard');
    assert.match(heard.text, /coffee/);
    const samples = reader.seen.reduce((sum, event) => sum + (event.type === 'audio' ? event.samples.length : 0), 0);
    assert.ok(samples > 24_000);
    session.close();
  });

  test('holds its end of a Russian lesson, of which it understands that somebody speaks', async () => {
    const session = engines.speechToSpeech.open({
      language: 'ru',
      level: 'beginner',
      instructions: '',
      history: [],
      signal,
    });
    const reader = new EventReader(session.events, deadlineMs);
    session.greet();
    await reader.until('answer_finished');
    const speech = new Int16Array(32_000);
    speech.set(createTone({ sampleRate: 16_000, durationMs: 1_000 }));
    for (let from = 0; from + ENGINE_FRAME_SAMPLES <= speech.length; from += ENGINE_FRAME_SAMPLES) {
      session.write(speech.subarray(from, from + ENGINE_FRAME_SAMPLES));
    }
    await reader.until('speech_stopped');
    await reader.until('answer_finished');
    assert.ok(reader.seen.some((event) => event.type === 'heard' && event.final && event.text === RUSSIAN_WORDS));
    const said = reader.seen.map((event) => (event.type === 'text' ? event.delta : '')).join('');
    assert.equal(said, RUSSIAN_ANSWERS.greeting + RUSSIAN_ANSWERS.turn);
    session.close();
  });

  test('speaks Russian where it is asked to', async () => {
    const events = engines.textToSpeech.synthesize({ text: 'Доброе утро.', language: 'ru', rate: 1 }, signal);
    assert.ok((await new EventReader(events, deadlineMs).rest()).some((event) => event.type === 'audio'));
  });
});
