import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testTextToSpeech } from '../../testing/conformance/text-to-speech.ts';
import {
  createScriptedTextToSpeech,
  type ScriptedTextToSpeechOptions,
} from '../../testing/engines/scripted-text-to-speech.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { TextToSpeech } from '../engine.ts';
import { FallbackTextToSpeech } from './fallback-text-to-speech.ts';
import { createFallbackRig } from './fallback.fixture.ts';

const text = 'The quick brown fox jumps over the lazy dog.';
const down = { afterMs: 0, code: 'engine_unavailable' } as const;

function voice(name: string, options: ScriptedTextToSpeechOptions = {}) {
  return createScriptedTextToSpeech({ name, ...options });
}

function createRig(...voices: readonly TextToSpeech[]) {
  const rig = createFallbackRig(new FakeClock());
  const fallback = new FallbackTextToSpeech(voices, rig.context);
  const say = async () => {
    const sounds: { rate: number; ms: number }[] = [];
    const words: number[] = [];
    const { signal } = new AbortController();
    for await (const event of fallback.synthesize({ text, language: 'en', rate: 1 }, signal)) {
      if (event.type === 'word') words.push(event.offset);
      else sounds.push({ rate: event.sampleRate ?? 0, ms: (event.samples.length * 1_000) / (event.sampleRate ?? 1) });
    }
    return { sounds, words, totalMs: sounds.reduce((sum, { ms }) => sum + ms, 0) };
  };
  return { ...rig, fallback, say };
}

describe('several voices as one', () => {
  testTextToSpeech(() => ({
    engine: createRig(
      voice('down', { failures: Object.fromEntries(Array.from({ length: 50 }, (_, number) => [number, down])) }),
      createScriptedTextToSpeech({ name: 'up' }),
    ).fallback,
    deadlineMs: 30_000,
  }));

  it('has the next one say a sentence that fails before its first sound', async () => {
    const first = voice('first', { failures: { 0: down }, sampleRate: 22_050 });
    const second = voice('second', { sampleRate: 48_000 });
    const { say, fallback, changes } = createRig(first, second);
    const { sounds } = await say();
    assert.equal(second.requests[0]?.text, text);
    assert.ok(sounds.every(({ rate }) => rate === 48_000));
    assert.equal(fallback.name, 'second');
    assert.deepEqual(changes, ['tts: first to second, engine_unavailable']);
    // The next sentence is the first voice's again.
    await say();
    assert.equal(fallback.name, 'first');
  });

  it('goes on from the word that was cut, by the times of the words', async () => {
    const first = voice('first', { wordTimes: true, failures: { 0: { ...down, afterMs: 900 } } });
    const second = voice('second', { wordTimes: true });
    const { say, uses } = createRig(first, second);
    const { words, totalMs } = await say();
    // 60 ms a character: after 900 ms "brown" was begun, at 600 ms.
    assert.equal(second.requests[0]?.text, 'brown fox jumps over the lazy dog.');
    assert.equal(totalMs, 900 + 'brown fox jumps over the lazy dog.'.length * 60);
    assert.ok(words.includes(text.indexOf('lazy')));
    assert.deepEqual(uses[0], { kind: 'tts', engine: 'first', characters: text.length, audioOutMs: 900 });
  });

  it('goes on about where it was cut when nobody knows the words, and at a word', async () => {
    const first = voice('first', { failures: { 0: { ...down, afterMs: 900 } } });
    const second = voice('second');
    await createRig(first, second).say();
    assert.equal(second.requests[0]?.text, 'brown fox jumps over the lazy dog.');
  });

  it('does not begin again for a tail that nobody misses', async () => {
    const first = voice('first', { durationMs: () => 3_000, failures: { 0: { ...down, afterMs: 3_000 } } });
    const second = voice('second');
    await createRig(first, second).say();
    assert.equal(second.requests.length, 0);
  });

  it('does not wait for one that hangs, nor fails before all have', async () => {
    const first = voice('first', { stalls: { 0: { afterMs: 0 } } });
    const second = voice('second', { failures: { 0: down } });
    const { say, clock } = createRig(first, second);
    const saying = say();
    saying.catch(() => {});
    await clock.advance(5_000);
    await assert.rejects(saying, { code: 'engine_unavailable' });
  });
});
