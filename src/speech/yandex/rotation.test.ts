import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import { FakeClock } from '../../testing/fake-clock.ts';
import { captureLog } from '../../testing/yandex/captured-log.ts';
import { CODED_WORD_MS, createCodedSpeech } from '../../testing/yandex/coded-speech.ts';
import { connectYandex, sayTo, writeFrames } from '../../testing/yandex/connected-yandex.ts';
import { ENGINE_FRAME_SAMPLES } from '../engine.ts';

/** Sessions are replaced before they are too old or too full, and no word is lost, torn or heard twice by it. */

const vocabulary = Array.from({ length: 60 }, (_, i) => `w${i}`);
const speech = createCodedSpeech(vocabulary);
const hear = speech.ear;

const endpointings = ['caller', 'service'] as const;
const never = { maxAgeMs: Infinity, maxBytes: Infinity };
/** Not a multiple of a word: sessions are left in the middle of words, too. */
const everyFewWords = { soft: never, hard: { maxAgeMs: 2_500, maxBytes: Infinity } };

describe('a long talk', () => {
  for (const endpointing of endpointings) {
    test(`is heard whole over many sessions, when ends are found by the ${endpointing}`, async (t) => {
      const { server, listen } = await connectYandex(t, {
        server: { hear, recognizer: { maxSessionMs: 10_000 } },
        recognition: { endpointing, limits: everyFewWords },
      });
      const { stream, reader } = listen();
      await sayTo(stream, speech.say(vocabulary));
      const { text, words = [] } = await reader.until('final');
      assert.equal(text, vocabulary.join(' '));
      assert.equal(words.length, vocabulary.length);
      for (const [i, { startMs, endMs }] of words.entries()) {
        assert.ok(Math.abs(startMs - i * CODED_WORD_MS) <= 1, `${vocabulary[i]} begins at ${startMs}`);
        assert.ok(endMs > startMs);
      }
      assert.ok(server.recognitions.length > 5, `${server.recognitions.length} sessions`);
      assert.equal(reader.seen.filter(({ type }) => type === 'error').length, 0);
    });

    test(`keeps its partials growing and its later utterances in order: ${endpointing}`, async (t) => {
      const { listen } = await connectYandex(t, {
        server: { hear },
        recognition: { endpointing, limits: everyFewWords },
      });
      const { stream, reader } = listen();
      const parts = [vocabulary.slice(0, 17), vocabulary.slice(17, 20), vocabulary.slice(20, 45), vocabulary.slice(45)];
      for (const part of parts) await sayTo(stream, speech.say(part));
      for (const part of parts) assert.equal((await reader.until('final')).text, part.join(' '));
      let whole = 0;
      for (const event of reader.seen) {
        if (event.type === 'final') whole = 0;
        if (event.type !== 'partial') continue;
        const settled = event.text.split(' ').filter((word) => !word.endsWith('-')).length;
        assert.ok(settled >= whole - 1, event.text);
        whole = settled;
      }
    });
  }

  for (let round = 0; round < 8; round++) {
    test(`is heard whole wherever sessions are left, paused and gone on: ${round}`, async (t) => {
      // Uneven steps, so that the cuts fall everywhere in words and pauses.
      const hard = { maxAgeMs: 900 + 377 * round, maxBytes: Infinity };
      const soft = round % 3 === 0 ? { maxAgeMs: hard.maxAgeMs * 0.7, maxBytes: Infinity } : never;
      const limits = { hard, soft, framesPerMessage: 1 + (round % 4), emptyDeadlineMs: 300 };
      const endpointing = round % 4 === 3 ? 'service' : 'caller';
      const { listen } = await connectYandex(t, { server: { hear }, recognition: { endpointing, limits } });
      const { stream, reader } = listen();
      const parts: string[][] = [];
      for (let at = 0; at < 50; at += parts.at(-1)?.length ?? 1) {
        parts.push(vocabulary.slice(at, at + 1 + ((at * 7 + round * 5) % 12)));
      }
      for (const [i, part] of parts.entries()) {
        stream.startUtterance(0);
        for (const word of part) {
          await writeFrames(stream, speech.say([word]));
          if ((i + word.length + round) % 5 === 0) await writeFrames(stream, new Int16Array(320 * ((i * 13) % 80)));
        }
        stream.endUtterance();
        await writeFrames(stream, new Int16Array(320 * ((i * 17) % 50)));
      }
      for (const part of parts) assert.equal((await reader.until('final')).text, part.join(' '));
    });
  }

  test('leaves a session that is full of bytes, too', async (t) => {
    const limits = { soft: never, hard: { maxAgeMs: Infinity, maxBytes: 100_000 } };
    const { server, listen } = await connectYandex(t, {
      server: { hear, recognizer: { maxBytes: 200_000 } },
      recognition: { limits },
    });
    const { stream, reader } = listen();
    await sayTo(stream, speech.say(vocabulary));
    assert.equal((await reader.until('final')).text, vocabulary.join(' '));
    assert.ok(server.recognitions.every(({ bytes }) => bytes < 200_000));
  });

  test('forgets nothing and repeats nothing where a session is left in silence', async (t) => {
    const { server, listen } = await connectYandex(t, { server: { hear }, recognition: { limits: everyFewWords } });
    const { stream, reader } = listen();
    const quiet = new Int16Array(16 * 4_000);
    stream.startUtterance(0);
    await writeFrames(stream, speech.say(['w1', 'w2']));
    await writeFrames(stream, quiet);
    await writeFrames(stream, speech.say(['w3']));
    stream.endUtterance();
    assert.equal((await reader.until('final')).text, 'w1 w2 w3');
    assert.ok(server.recognitions.length > 1);
  });
});

describe('a quiet caller', () => {
  test('keeps the session by silence, and has it replaced before its end without an error', async (t) => {
    const clock = new FakeClock();
    const { server, listen } = await connectYandex(t, { server: { hear, clock }, clock });
    const { stream, reader } = listen();
    const frame = new Int16Array(ENGINE_FRAME_SAMPLES);
    for (let second = 0; second < 620; second++) {
      await clock.advance(1_000);
      stream.write(frame);
    }
    await sayTo(stream, speech.say(['w7']));
    assert.equal((await reader.until('final')).text, 'w7');
    assert.equal(server.recognitions.length, 3);
    assert.ok(server.recognitions.every(({ silenceMs }) => silenceMs > 100_000));
    assert.equal(reader.seen.filter(({ type }) => type === 'error').length, 0);
  });

  test('costs the session without silence: so the server is no straw man', async (t) => {
    const clock = new FakeClock();
    const limits = { keepAliveMs: 60_000 };
    const { listen } = await connectYandex(t, { server: { hear, clock }, recognition: { limits }, clock });
    const { reader } = listen();
    const ending = reader.until('error');
    for (let i = 0; i < 20; i++) await clock.advance(1_000);
    const { error } = await ending;
    assert.equal(error.code, 'engine_failed');
    assert.equal(error.retryable, true);
  });

  test('goes on in a new session after the server closed the old one in silence', async (t) => {
    const { log, lines } = captureLog();
    const { server, listen } = await connectYandex(t, { server: { hear }, log });
    server.failRecognitions((call) => (call === 0 ? { kind: 'close', afterMs: 0 } : undefined));
    const { stream, reader } = listen();
    while (server.recognitions[0]?.ended !== true) await turnOfTheLoop();
    while (!lines.some((line) => line.includes('session ended'))) await turnOfTheLoop();
    await sayTo(stream, speech.say(['w5']));
    assert.equal((await reader.until('final')).text, 'w5');
  });
});
