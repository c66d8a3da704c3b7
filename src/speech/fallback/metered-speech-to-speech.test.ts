import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventReader } from '../../testing/conformance/event-reader.ts';
import { testSpeechToSpeech } from '../../testing/conformance/speech-to-speech.ts';
import {
  createScriptedSpeechToSpeech,
  type ScriptedSpeechToSpeechOptions,
} from '../../testing/engines/scripted-speech-to-speech.ts';
import { createTone } from '../../testing/engines/scripted-text-to-speech.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { SpeechToSpeech, SpeechToSpeechEvent } from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { createFallbackRig } from './fallback.fixture.ts';
import { speechToSpeechBreaker, watchSpeechToSpeech } from './metered-speech-to-speech.ts';

const silence = new Int16Array(320);
const loud: Int16Array = createTone({ sampleRate: 16_000, durationMs: 20 });
const lesson = { language: 'en', level: 'beginner', instructions: '', history: [] } as const;

function createRig(script: ScriptedSpeechToSpeechOptions = {}, engine?: SpeechToSpeech) {
  const rig = createFallbackRig(new FakeClock());
  const whole = engine ?? createScriptedSpeechToSpeech({ name: 'whole', ...script });
  const watched = watchSpeechToSpeech(whole, rig.context);
  const session = watched.open({ ...lesson, signal: new AbortController().signal });
  const reader = new EventReader(session.events, 2_000);
  const pass = async (ms: number, frame: Int16Array = silence) => {
    for (let passed = 0; passed < ms; passed += 20) {
      session.write(frame);
      await rig.clock.advance(20);
    }
  };
  const breaker = speechToSpeechBreaker(whole, rig.context);
  return { ...rig, watched, session, reader, pass, breaker };
}

describe('a speech-to-speech engine under watch', () => {
  const utterance = new Int16Array(30_400);
  utterance.set(createTone({ sampleRate: 16_000, durationMs: 600 }), 4_800);
  testSpeechToSpeech(() => ({
    engine: createRig({ dialogue: [{ heard: 'hello', answer: 'Hello, how are you?' }], languages: ['en'] }).watched,
    language: 'en',
    utterance,
    deadlineMs: 30_000,
  }));

  it('has failed when an answer that it began does not go on', async () => {
    const { session, reader, pass, breaker } = createRig({ dialogue: [{ heard: 'hi', answer: 'Well', stall: true }] });
    await pass(400, loud);
    await pass(300);
    await reader.until('answer_started');
    await pass(5_000);
    assert.equal((await reader.until('error')).error.code, 'engine_timed_out');
    assert.equal(breaker.closed, true, 'once is not enough');
    session.close();
  });

  it('has failed when it was asked to speak and does not', async () => {
    const mute: SpeechToSpeech = {
      name: 'whole',
      sampleRate: 24_000,
      capabilities: { languages: ['en'] },
      open: () => ({
        write: () => {},
        greet: () => {},
        interrupt: () => {},
        events: new EventQueue<SpeechToSpeechEvent>(),
        close: () => {},
      }),
    };
    const { session, reader, clock } = createRig({}, mute);
    session.greet();
    await clock.advance(5_000);
    assert.equal((await reader.until('error')).error.code, 'engine_timed_out');
  });

  it('may be silent as long as the caller is', async () => {
    const { session, reader, pass, breaker } = createRig({ greeting: 'Hi.' });
    session.greet();
    await pass(600_000);
    assert.ok(reader.seen.every(({ type }) => type !== 'error'));
    assert.equal(breaker.closed, true);
    session.close();
  });

  it('tells what was heard and spoken', async () => {
    const { session, reader, pass, uses } = createRig({ greeting: 'Hi.' });
    session.greet();
    await pass(1_000);
    await reader.until('answer_finished');
    session.close();
    assert.deepEqual(uses, [{ kind: 's2s', engine: 'whole', audioInMs: 1_000, audioOutMs: 180 }]);
  });

  it('tells what was written down besides, and takes that for no sign of an answer', async () => {
    const events = new EventQueue<SpeechToSpeechEvent>();
    const writer: SpeechToSpeech = {
      name: 'whole',
      sampleRate: 24_000,
      capabilities: { languages: ['en'] },
      open: () => ({ write: () => {}, greet: () => {}, interrupt: () => {}, events, close: () => {} }),
    };
    const { session, reader, clock, uses } = createRig({}, writer);
    session.greet();
    events.push({ type: 'transcribed', audioMs: 1_800 });
    await reader.until('transcribed');
    assert.deepEqual(uses, [{ kind: 's2s', engine: 'whole', transcribedMs: 1_800 }]);
    await clock.advance(5_000);
    assert.equal((await reader.until('error')).error.code, 'engine_timed_out');
  });

  it('ends its engine also when its reader has left before', async () => {
    let closed = 0;
    const events = new EventQueue<SpeechToSpeechEvent>();
    const quiet: SpeechToSpeech = {
      name: 'whole',
      sampleRate: 24_000,
      capabilities: { languages: ['en'] },
      open: () => ({ write: () => {}, greet: () => {}, interrupt: () => {}, events, close: () => void (closed += 1) }),
    };
    const { session } = createRig({}, quiet);
    events.push({ type: 'speech_started' });
    for await (const event of session.events) if (event.type === 'speech_started') break;
    session.close();
    session.close();
    assert.equal(closed, 1);
  });
});
