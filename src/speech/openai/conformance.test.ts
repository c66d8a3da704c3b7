import { after, before, describe } from 'node:test';

import { createSilentLogger } from '../../platform/log.ts';
import { testSpeechToSpeech } from '../../testing/conformance/speech-to-speech.ts';
import { testSpeechToText } from '../../testing/conformance/speech-to-text.ts';
import { testTextToSpeech } from '../../testing/conformance/text-to-speech.ts';
import { testTutor } from '../../testing/conformance/tutor.ts';
import { createTone } from '../../testing/engines/scripted-text-to-speech.ts';
import { type OpenAiServer, startOpenAiServer } from '../../testing/openai/server.ts';
import { createOpenAi, type OpenAiEngines } from './index.ts';

const deadlineMs = 20_000;
/** A sentence's length of a tone, with silence before and after. */
const utterance = new Int16Array(48_000);
utterance.set(createTone({ sampleRate: 16_000, durationMs: 1_500 }), 4_800);

let server: OpenAiServer;
let engines: OpenAiEngines;
let chat: OpenAiEngines;

before(async () => {
  server = await startOpenAiServer();
  const options = { apiKey: server.apiKey, baseUrl: server.baseUrl, log: createSilentLogger() };
  engines = createOpenAi(options);
  chat = createOpenAi({ ...options, tutorApi: 'chat', turnDetection: 'server' });
});

after(async () => {
  engines.close();
  chat.close();
  await server.close();
});

testSpeechToText(() => ({
  engine: engines.speechToText,
  language: 'en',
  utterance,
  speechStartsAtMs: 300,
  word: 'good',
  deadlineMs,
  longUtteranceSpeed: 30,
}));
testTextToSpeech(() => ({ engine: engines.textToSpeech, deadlineMs }));
describe('by Responses', () => testTutor(() => ({ tutor: engines.tutor, deadlineMs, deterministic: true })));
describe('by Chat Completions', () => testTutor(() => ({ tutor: chat.tutor, deadlineMs, deterministic: true })));
describe('semantic turns', () =>
  testSpeechToSpeech(() => ({ engine: engines.speechToSpeech, language: 'en', utterance, deadlineMs })));
describe('turns by silence', () =>
  testSpeechToSpeech(() => ({ engine: chat.speechToSpeech, language: 'ru', utterance, deadlineMs })));
