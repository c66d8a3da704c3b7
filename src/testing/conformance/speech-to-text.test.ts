import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  ENGINE_FRAME_SAMPLES,
  type SpeechToText,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../../speech/engine.ts';
import { EventQueue } from '../../speech/event-queue.ts';
import { createScriptedSpeechToText } from '../engines/scripted-speech-to-text.ts';
import { createTone } from '../engines/scripted-text-to-speech.ts';
import { loudnessEar } from './loudness-ear.ts';
import { Proof } from './proof.ts';
import { findSpeechToTextViolations, speechToTextRules } from './speech-to-text.ts';

/** The suite is proven here: a good engine passes, and for each rule there is an engine that breaks it. */

/** What a good engine has time for, also on a busy machine, ... */
const patientMs = 3_000;
/** ... and how long a broken one is waited for. */
const deadlineMs = 60;
const tornMs = 200;
const words = [{ text: 'hello', startMs: 300, endMs: 700, confidence: 0.9 }];
const utterance = new Int16Array(30_400);
utterance.set(createTone({ sampleRate: 16_000, durationMs: 600 }), 4_800);
const proof = new Proof(speechToTextRules);

describe('the speech-to-text suite', () => {
  const good = (): SpeechToText =>
    createScriptedSpeechToText({ utterances: [{ final: 'hello', words }], repeat: true, languages: ['en'] });

  const violations = (engine: () => SpeechToText, waitMs = deadlineMs) =>
    findSpeechToTextViolations(() => ({
      engine: engine(),
      language: 'en',
      utterance,
      speechStartsAtMs: 300,
      word: 'hello',
      deadlineMs: waitMs,
    }));

  /** The good engine with its streams changed. */
  const changed = (change: (stream: TranscriptionStream, queue: EventQueue<TranscriptionEvent>) => object) => () => {
    const engine = good();
    return {
      ...engine,
      open(options: Parameters<SpeechToText['open']>[0]): TranscriptionStream {
        const inner = engine.open(options);
        const queue = new EventQueue<TranscriptionEvent>();
        void (async () => {
          for await (const event of inner.events) queue.push(event);
          queue.end();
        })();
        const stream: TranscriptionStream = {
          write: (frame) => inner.write(frame),
          startUtterance: (prefixMs) => inner.startUtterance(prefixMs),
          endUtterance: () => inner.endUtterance(),
          close: () => inner.close(),
          events: queue,
        };
        return Object.assign(stream, change(inner, queue));
      },
    };
  };

  test('passes a good engine', async () => {
    assert.deepEqual(await violations(good, patientMs), []);
    assert.deepEqual(
      await violations(
        changed(() => ({})),
        patientMs,
      ),
      [],
    );
  });

  test('sees a second final', async () => {
    const engine = changed((inner, queue) => ({
      endUtterance() {
        inner.endUtterance();
        queue.push({ type: 'final', text: 'hello' });
      },
    }));
    proof.assertViolates(await violations(engine), /one final/, /outside of one/);
  });

  test('sees a final that never comes', async () => {
    const silent = () => createScriptedSpeechToText({ utterances: [{ final: '', stall: true }], languages: ['en'] });
    proof.assertViolates(await violations(silent), /one final/, /without audio/, /in a row/);
  });

  test('sees a missing answer to an empty utterance', async () => {
    const engine = changed((inner) => {
      let frames = 0;
      return {
        write(frame: Int16Array) {
          frames++;
          inner.write(frame);
        },
        endUtterance: () => frames > 0 && inner.endUtterance(),
      };
    });
    const found = await violations(engine, 500);
    assert.equal(found.length, 1);
    proof.assertViolates(found, /without audio/);
  });

  test('sees wrong words, and word times out of order', async () => {
    const deaf = () => createScriptedSpeechToText({ utterances: ['goodbye'], repeat: true, languages: ['en'] });
    proof.assertViolates(await violations(deaf), /has the words/, /long|\d s/);
    const late = [{ text: 'hello', startMs: 90_000, endMs: 90_100, confidence: 2 }];
    const confused = () =>
      createScriptedSpeechToText({ utterances: [{ final: 'hello', words: late }], repeat: true, languages: ['en'] });
    const found = await violations(confused, patientMs);
    assert.equal(found.length, 1);
    proof.assertViolates(found, /words with times/);
  });

  test('sees an engine that keeps the frames it is lent', async () => {
    proof.assertViolates(await violations(() => loudnessEar({ keeps: true })), /has the words/);
    assert.deepEqual(await violations(() => loudnessEar({ keeps: false }), patientMs), []);
  });

  test('sees an engine without a pre-roll', async () => {
    proof.assertViolates(
      await violations(() => loudnessEar({ keeps: false, startLoss: true })),
      /written before the start/,
    );
  });

  test('sees a stream that outlives close() and abort', async () => {
    proof.assertViolates(await violations(changed(() => ({ close: () => undefined }))), /close\(\)/);
    const deafToAbort = () => {
      const engine = good();
      return {
        ...engine,
        open: (options) => engine.open({ ...options, signal: new AbortController().signal }),
      } as SpeechToText;
    };
    proof.assertViolates(
      await violations(deafToAbort),
      /aborted signal/,
      /at once$/,
      /in an utterance/,
      /before the final/,
    );
  });

  test('sees an engine that throws, and one that takes any language', async () => {
    const throwing = (): SpeechToText => ({
      ...good(),
      open: () => {
        throw new Error('no');
      },
    });
    proof.assertViolates(await violations(throwing), /language/, /aborted/);
    const anything = (): SpeechToText => ({
      ...good(),
      open: (options) => good().open({ ...options, language: 'en' }),
    });
    proof.assertViolates(await violations(anything), /language/);
  });

  test('sees streams that are mixed up', async () => {
    proof.assertViolates(
      await violations(() => {
        const engine = good();
        const queue = new EventQueue<TranscriptionEvent>();
        const open = (options: Parameters<SpeechToText['open']>[0]): TranscriptionStream => {
          const inner = engine.open(options);
          void (async () => {
            for await (const event of inner.events) queue.push(event);
          })();
          return Object.assign(Object.create(inner) as TranscriptionStream, {
            write: (frame: Int16Array) => inner.write(frame),
            startUtterance: (ms: number) => inner.startUtterance(ms),
            endUtterance: () => inner.endUtterance(),
            close: () => inner.close(),
            events: queue,
          });
        };
        return { ...engine, open };
      }),
      /two streams/,
    );
  });
});

describe('the speech-to-text suite, of what answers out of order, torn, late or to the wrong one', () => {
  const good = (final = 'hello') =>
    createScriptedSpeechToText({ utterances: [final], repeat: true, languages: ['en'] });
  const violations = (engine: () => SpeechToText) =>
    findSpeechToTextViolations(() => ({
      engine: engine(),
      language: 'en',
      utterance,
      speechStartsAtMs: 300,
      word: 'hello',
      deadlineMs: tornMs,
    }));

  /** The good engine whose events go through `change` on their way. */
  function relayed(
    change: (event: TranscriptionEvent, push: (event: TranscriptionEvent) => void) => void,
    onClose: (queue: EventQueue<TranscriptionEvent>) => void = (queue) => queue.endNow(),
  ): SpeechToText {
    const engine = good();
    return {
      ...engine,
      open(options): TranscriptionStream {
        const inner = engine.open(options);
        const queue = new EventQueue<TranscriptionEvent>();
        void (async () => {
          for await (const event of inner.events) change(event, (changed) => queue.push(changed));
          queue.end();
        })();
        return {
          write: (frame) => inner.write(frame),
          startUtterance: (prefixMs) => inner.startUtterance(prefixMs),
          endUtterance: () => inner.endUtterance(),
          close() {
            onClose(queue);
            inner.close();
          },
          events: queue,
        };
      },
    };
  }

  test('sees partials that are empty, or that come behind the final', async () => {
    const empty = () =>
      relayed((event, push) => {
        push({ type: 'partial', text: ' ' });
        push(event);
      });
    proof.assertViolates(await violations(empty), /only before the final/);
  });

  test('sees torn characters', async () => {
    const torn = () =>
      relayed((event, push) => push(event.type === 'final' ? { ...event, text: 'hello \ud83d' } : event));
    proof.assertViolates(await violations(torn), /whole characters/);
  });

  test('sees an engine that speaks at its closing', async () => {
    const last = () =>
      relayed(
        (event, push) => push(event),
        (queue) => queue.push({ type: 'final', text: '' }),
      );
    proof.assertViolates(await violations(last), /after any frame/);
  });

  test('sees an engine that keeps only the last of what nobody has read', async () => {
    const forgetful = (): SpeechToText => {
      const engine = good();
      return {
        ...engine,
        open(options) {
          const inner = engine.open(options);
          const iterator = inner.events[Symbol.asyncIterator]();
          let kept: TranscriptionEvent | undefined;
          let reading = false;
          const queue = new EventQueue<TranscriptionEvent>();
          void (async () => {
            for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
              if (reading) queue.push(next.value);
              else kept = next.value;
            }
            queue.end();
          })();
          return {
            write: (frame) => inner.write(frame),
            startUtterance: (prefixMs) => inner.startUtterance(prefixMs),
            endUtterance: () => inner.endUtterance(),
            close: () => inner.close(),
            events: {
              [Symbol.asyncIterator]() {
                reading = true;
                if (kept) queue.push(kept);
                return queue[Symbol.asyncIterator]();
              },
            },
          };
        },
      };
    };
    proof.assertViolates(await violations(forgetful), /comes late/);
  });
});

test('frames are as long as the suites believe', () => {
  assert.equal(utterance.length % ENGINE_FRAME_SAMPLES, 0);
});

test('no rule is without its broken engine', () => proof.assertWhole());
