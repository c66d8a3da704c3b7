import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventReader } from '../../testing/conformance/event-reader.ts';
import { testSpeechToText } from '../../testing/conformance/speech-to-text.ts';
import {
  createScriptedSpeechToText,
  type ScriptedSpeechToTextOptions,
} from '../../testing/engines/scripted-speech-to-text.ts';
import { createTone } from '../../testing/engines/scripted-text-to-speech.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { SpeechToText } from '../engine.ts';
import { FallbackSpeechToText } from './fallback-speech-to-text.ts';
import { createFallbackRig } from './fallback.fixture.ts';

const frame = new Int16Array(320);

function ear(name: string, options: ScriptedSpeechToTextOptions) {
  return createScriptedSpeechToText({ name, ...options });
}

function createRig(...ears: readonly SpeechToText[]) {
  const rig = createFallbackRig(new FakeClock());
  const fallback = new FallbackSpeechToText(ears, rig.context);
  const stream = fallback.open({ language: 'en', signal: new AbortController().signal });
  const reader = new EventReader(stream.events, 2_000);
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 20) {
      stream.write(frame);
      await rig.clock.advance(20);
    }
  };
  const say = async (ms: number) => {
    await pass(100);
    stream.startUtterance(100);
    await pass(ms);
    stream.endUtterance();
  };
  const texts = () => reader.seen.flatMap((event) => (event.type === 'final' ? [event.text] : []));
  return { ...rig, fallback, stream, reader, pass, say, texts };
}

describe('several ears as one', () => {
  const utterance = new Int16Array(30_400);
  utterance.set(createTone({ sampleRate: 16_000, durationMs: 600 }), 4_800);
  const words = [{ text: 'hello', startMs: 300, endMs: 700, confidence: 0.9 }];
  testSpeechToText(() => ({
    engine: createRig(
      ear('down', { openFailure: { retryable: false }, languages: ['en'] }),
      ear('up', { utterances: [{ final: 'hello', words }], repeat: true, languages: ['en'] }),
    ).fallback,
    language: 'en',
    utterance,
    speechStartsAtMs: 300,
    word: 'hello',
    deadlineMs: 30_000,
  }));

  it('has the next one hear what was said since the last final, once', async () => {
    const first = ear('first', { utterances: ['one', { final: 'two', failure: { afterMs: 300 } }] });
    const second = ear('second', { utterances: ['two', 'three'] });
    const { say, pass, reader, texts, changes, uses, fallback } = createRig(first, second);
    await say(500);
    await reader.until('final');
    await say(500);
    await reader.until('final');
    await pass(1_000);
    await say(400);
    await reader.until('final');
    assert.deepEqual(texts(), ['one', 'two', 'three']);
    assert.deepEqual(second.streams[0]?.prefixesMs, [100, 100]);
    assert.equal(second.streams[0]?.utterances, 2);
    assert.equal(fallback.name, 'second');
    assert.deepEqual(changes, ['stt: first to second, engine_failed']);
    assert.equal(
      uses.reduce((sum, { engine, audioInMs = 0 }) => sum + (engine === 'first' ? audioInMs : 0), 0),
      900,
    );
  });

  it('counts what the ear charges: all it hears, or the utterances alone', async () => {
    for (const utterancesOnly of [false, true]) {
      const scripted = ear('only', { utterances: ['one', 'two'] });
      const capabilities = { ...scripted.capabilities, utterancesOnly };
      const engine: SpeechToText = { name: 'only', capabilities, open: (options) => scripted.open(options) };
      const { say, pass, reader, uses, stream } = createRig(engine);
      await pass(2_000);
      await say(500);
      await reader.until('final');
      await pass(2_000);
      await say(300);
      await reader.until('final');
      stream.close();
      const countedMs = uses.reduce((sum, { audioInMs = 0 }) => sum + audioInMs, 0);
      // With what precedes each utterance: 100 ms.
      assert.equal(countedMs, utterancesOnly ? 1_000 : 5_000);
    }
  });

  it('moves on from an ear whose final does not come, with both utterances that it owes', async () => {
    const stalls = { final: '', stall: true } as const;
    const first = ear('first', { utterances: [stalls, stalls] });
    const { say, pass, reader, texts } = createRig(first, ear('second', { utterances: ['one', 'two'] }));
    await say(300);
    await say(300);
    await pass(5_000);
    await reader.until('final');
    await reader.until('final');
    assert.deepEqual(texts(), ['one', 'two']);
    assert.equal(first.streams[0]?.closed, true);
  });

  it('never takes silence for a failure, however long', async () => {
    const first = ear('first', { utterances: ['at last'] });
    const { say, pass, reader, changes, breakers } = createRig(first, ear('second', {}));
    await pass(120_000);
    await say(300);
    await reader.until('final');
    assert.deepEqual(changes, []);
    assert.equal(breakers.of('stt', first, () => () => Promise.resolve()).closed, true);
  });

  it('waits for the last one, for there is none better', async () => {
    const only = ear('only', { utterances: [{ final: 'slow', finalAfterMs: 8_000 }] });
    const { say, pass, reader, texts } = createRig(only);
    await say(300);
    await pass(8_000);
    await reader.until('final');
    assert.deepEqual(texts(), ['slow']);
  });

  it('tries all again for a while, and then says that nobody hears', async () => {
    const failure = { openFailure: { code: 'engine_unavailable' } } as const;
    const first = ear('first', failure);
    const second = ear('second', { openFailure: { code: 'engine_program_missing', retryable: false } });
    const { reader, clock } = createRig(first, second);
    await clock.advance(6_000);
    assert.deepEqual(reader.seen, []);
    assert.ok(first.streams.length >= 4, 'in rounds');
    await clock.advance(6_000);
    const [event, ...more] = await reader.rest();
    assert.ok(event?.type === 'error' && !event.error.retryable && more.length === 0);
  });

  it('does not try again what no time will mend', async () => {
    const { reader } = createRig(ear('only', { openFailure: { code: 'engine_program_missing', retryable: false } }));
    const [event] = await reader.rest();
    assert.ok(event?.type === 'error' && event.error.code === 'engine_program_missing');
  });

  it('keeps no more than its bound of a speech that does not end', async () => {
    const first = ear('first', { utterances: [{ final: '', failure: { afterMs: 60_000 } }] });
    const second = ear('second', { utterances: ['the end of it'] });
    const { stream, reader, pass, clock } = createRig(first, second);
    stream.startUtterance(0);
    for (let written = 0; written < 60_000; written += 20) stream.write(frame);
    await clock.advance(0);
    await pass(100);
    stream.endUtterance();
    await reader.until('final');
    assert.ok((second.streams[0]?.frames ?? 0) * 20 <= 30_000 + 200);
  });
});
