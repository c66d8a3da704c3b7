import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ENGINE_FRAME_SAMPLES, EngineError } from '../../speech/engine.ts';
import { EventReader } from '../conformance/event-reader.ts';
import { testSpeechToSpeech } from '../conformance/speech-to-speech.ts';
import { testSpeechToText } from '../conformance/speech-to-text.ts';
import { testTextToSpeech } from '../conformance/text-to-speech.ts';
import { testTutor } from '../conformance/tutor.ts';
import { FakeClock } from '../fake-clock.ts';
import { createScriptedSpeechToSpeech } from './scripted-speech-to-speech.ts';
import { createScriptedSpeechToText } from './scripted-speech-to-text.ts';
import { createScriptedTextToSpeech, createTone } from './scripted-text-to-speech.ts';
import { createScriptedTutor } from './scripted-tutor.ts';

const deadlineMs = 30_000;
const frame = new Int16Array(ENGINE_FRAME_SAMPLES);
const words = [{ text: 'hello', startMs: 300, endMs: 700, confidence: 0.9 }];
/** 300 ms of silence, 600 ms of tone, a second of silence. */
const utterance = new Int16Array(30_400);
utterance.set(createTone({ sampleRate: 16_000, durationMs: 600 }), 4_800);

describe('the scripted engines', () => {
  testSpeechToText(() => ({
    engine: createScriptedSpeechToText({ utterances: [{ final: 'hello', words }], repeat: true, languages: ['en'] }),
    language: 'en',
    utterance,
    speechStartsAtMs: 300,
    word: 'hello',
    deadlineMs,
  }));
  testTutor(() => ({ tutor: createScriptedTutor(), deadlineMs, deterministic: true }));
  testTextToSpeech(() => ({
    engine: createScriptedTextToSpeech({ wordTimes: true, languages: ['en'] }),
    deadlineMs,
  }));
  testSpeechToSpeech(() => ({
    engine: createScriptedSpeechToSpeech({
      dialogue: [{ heard: 'hello', answer: 'Hello, how are you?' }],
      languages: ['en'],
    }),
    language: 'en',
    utterance,
    deadlineMs,
  }));
});

describe('scripted speech to text', () => {
  test('says partials, its own end and the final when the script says', async () => {
    const engine = createScriptedSpeechToText({
      utterances: [
        {
          final: 'one two',
          partials: [
            { afterMs: 40, text: 'one' },
            { afterMs: 80, text: 'one two' },
          ],
          endOfUtteranceAfterMs: 100,
          finalAfterMs: 40,
        },
      ],
    });
    const stream = engine.open({ language: 'en', signal: new AbortController().signal });
    const reader = new EventReader(stream.events, deadlineMs);
    stream.startUtterance(0);
    for (let i = 0; i < 5; i++) stream.write(frame);
    stream.endUtterance();
    for (let i = 0; i < 2; i++) stream.write(frame);
    await reader.until('final');
    assert.deepEqual(reader.seen, [
      { type: 'partial', text: 'one' },
      { type: 'partial', text: 'one two' },
      { type: 'end_of_utterance' },
      { type: 'final', text: 'one two' },
    ]);
    assert.equal(engine.streams[0]?.frames, 7);
    stream.close();
  });

  test('fails to open, or in the middle, and stalls', async () => {
    const { signal } = new AbortController();
    const unable = createScriptedSpeechToText({ openFailure: { code: 'engine_unavailable' } });
    const [failed] = await new EventReader(unable.open({ language: 'en', signal }).events, deadlineMs).rest();
    assert.ok(failed?.type === 'error' && failed.error.code === 'engine_unavailable');

    const breaking = createScriptedSpeechToText({ utterances: [{ final: '', failure: { afterMs: 40 } }] });
    const broken = breaking.open({ language: 'en', signal });
    broken.startUtterance(0);
    broken.write(frame);
    broken.write(frame);
    broken.endUtterance();
    assert.deepEqual(
      (await new EventReader(broken.events, deadlineMs).rest()).map(({ type }) => type),
      ['error'],
    );

    const stalling = createScriptedSpeechToText({ utterances: [{ final: '', stall: true }] });
    const stalled = stalling.open({ language: 'en', signal });
    stalled.startUtterance(0);
    stalled.endUtterance();
    await assert.rejects(new EventReader(stalled.events, 20).next(), /No event/);
    stalled.close();
  });
});

describe('scripted text to speech', () => {
  test('speaks exactly the asked length', async () => {
    const engine = createScriptedTextToSpeech({ sampleRate: 22_050, durationMs: () => 1_234 });
    const { signal } = new AbortController();
    const events = await new EventReader(
      engine.synthesize({ text: 'x', language: 'en', rate: 1 }, signal),
      deadlineMs,
    ).rest();
    const samples = events.reduce((sum, event) => sum + (event.type === 'audio' ? event.samples.length : 0), 0);
    assert.equal(samples, Math.round(1.234 * 22_050));
  });

  test('speaks no faster than its clock when it is paced', async () => {
    const clock = new FakeClock();
    const engine = createScriptedTextToSpeech({ pace: clock, chunkMs: 100, durationMs: () => 300 });
    const reader = new EventReader(
      engine.synthesize({ text: 'x', language: 'en', rate: 1 }, new AbortController().signal),
      deadlineMs,
    );
    const reading = reader.rest();
    await clock.advance(99);
    assert.equal(reader.seen.length, 1);
    await clock.advance(201);
    assert.equal((await reading).length, 3);
  });

  test('fails and stalls at the request that the script says', async () => {
    const engine = createScriptedTextToSpeech({
      failures: { 0: { afterMs: 100, code: 'engine_quota_exceeded' } },
      stalls: { 1: { afterMs: 100 } },
    });
    const request = { text: 'a sentence', language: 'en', rate: 1 } as const;
    const failing = new EventReader(engine.synthesize(request, new AbortController().signal), deadlineMs);
    await failing.until('audio');
    await assert.rejects(
      failing.rest(),
      (error) => error instanceof EngineError && error.code === 'engine_quota_exceeded',
    );
    const abort = new AbortController();
    const stalling = new EventReader(engine.synthesize(request, abort.signal), 20);
    await stalling.until('audio');
    await assert.rejects(stalling.next(), /No event/);
    abort.abort();
    assert.deepEqual(await stalling.rest(), []);
  });
});

describe('scripted tutor', () => {
  test('answers by its script, fails and stalls', async () => {
    const tutor = createScriptedTutor({
      answers: ({ heard }) =>
        heard === 'fail'
          ? { events: [{ type: 'text', delta: 'I' }], failure: { retryable: false } }
          : `You said ${heard}.`,
    });
    const request = {
      occasion: 'turn',
      history: [],
      memory: undefined,
      language: 'en',
      level: 'beginner',
      instructions: '',
    } as const;
    const { signal } = new AbortController();
    const good = await new EventReader(tutor.reply({ ...request, heard: 'hi' }, signal), deadlineMs).rest();
    assert.deepEqual(good, [{ type: 'text', delta: 'You said hi.' }]);
    await assert.rejects(
      new EventReader(tutor.reply({ ...request, heard: 'fail' }, signal), deadlineMs).rest(),
      (error) => error instanceof EngineError && !error.retryable,
    );
    assert.deepEqual(
      tutor.requests.map(({ heard }) => heard),
      ['hi', 'fail'],
    );
  });
});
