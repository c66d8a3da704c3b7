import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { SpeechToSpeech, SpeechToSpeechEvent, SpeechToSpeechSession } from '../../speech/engine.ts';
import { createScriptedSpeechToSpeech } from '../engines/scripted-speech-to-speech.ts';
import { createTone } from '../engines/scripted-text-to-speech.ts';
import { Proof } from './proof.ts';
import { findSpeechToSpeechViolations, speechToSpeechRules } from './speech-to-speech.ts';

/** The suite is proven here: a good engine passes, and for each rule there is an engine that breaks it. */

/** What a good engine has time for, also on a busy machine. */
const patientMs = 3_000;
const utterance = new Int16Array(30_400);
utterance.set(createTone({ sampleRate: 16_000, durationMs: 600 }), 4_800);
const proof = new Proof(speechToSpeechRules);

describe('the speech-to-speech suite', () => {
  const dialogue = [{ heard: 'hello', answer: 'Hello, how are you today, my friend?' }];
  const good = () => createScriptedSpeechToSpeech({ dialogue, languages: ['en'] });
  const violations = (engine: () => SpeechToSpeech, waitMs = 500) =>
    findSpeechToSpeechViolations(() => ({ engine: engine(), language: 'en', utterance, deadlineMs: waitMs }));
  /** The good engine with its events changed; `undefined` swallows one. */
  const changed = (change: (event: SpeechToSpeechEvent) => SpeechToSpeechEvent | undefined) => (): SpeechToSpeech => {
    const engine = good();
    return {
      ...engine,
      open(options) {
        const inner = engine.open(options);
        async function* events() {
          for await (const event of inner.events) {
            const after = change(event);
            if (after) yield after;
          }
        }
        return {
          write: (frame) => inner.write(frame),
          greet: () => inner.greet(),
          interrupt: (id, ms) => inner.interrupt(id, ms),
          close: () => inner.close(),
          events: events(),
        };
      },
    };
  };

  test('passes a good engine', async () => {
    assert.deepEqual(await violations(good, patientMs), []);
    assert.deepEqual(
      await violations(
        changed((event) => event),
        patientMs,
      ),
      [],
    );
  });

  test('sees an answer under two ids, and one without sound', async () => {
    const mixed = changed((event) => (event.type === 'audio' ? { ...event, answerId: 'other' } : event));
    proof.assertViolates(await violations(mixed), /speaks first/);
    proof.assertViolates(
      await violations(changed((event) => (event.type === 'audio' ? undefined : event))),
      /speaks first/,
    );
  });

  test('sees an engine that takes any language, and sessions that are mixed up', async () => {
    const anything = (): SpeechToSpeech => ({
      ...good(),
      open: (options) => good().open({ ...options, language: 'en' }),
    });
    proof.assertViolates(await violations(anything), /language/);
    const shared = (): SpeechToSpeech => {
      const engine = good();
      let first: SpeechToSpeechSession | undefined;
      return { ...engine, open: (options) => (first ??= engine.open(options)) };
    };
    proof.assertViolates(await violations(shared), /two sessions/);
  });

  test('sees an engine that hears in silence', async () => {
    const nervous = changed((event) => (event.type === 'text' ? { type: 'heard', text: 'what', final: false } : event));
    proof.assertViolates(await violations(nervous), /silence/);
  });

  test('sees what is heard and not told', async () => {
    proof.assertViolates(
      await violations(changed((event) => (event.type === 'heard' ? undefined : event))),
      /two turns/,
    );
  });

  test('sees an answer that goes on after its interruption, and a session after its end', async () => {
    const stubborn = (): SpeechToSpeech => {
      const engine = good();
      return {
        ...engine,
        open(options) {
          const inner = engine.open({ ...options, signal: new AbortController().signal });
          return {
            write: (frame) => inner.write(frame),
            greet: () => inner.greet(),
            interrupt: () => undefined,
            close: () => undefined,
            events: inner.events,
          };
        },
      };
    };
    proof.assertViolates(await violations(stubborn), /interrupted/, /whatever moment/, /close\(\)/, /aborts/);
  });
});

describe('the speech-to-speech suite, of what answers out of order, torn, late or to the wrong one', () => {
  const good = () =>
    createScriptedSpeechToSpeech({
      dialogue: [{ heard: 'hello', answer: 'Hello there, my friend?' }],
      languages: ['en'],
    });
  const violations = (engine: () => SpeechToSpeech) =>
    findSpeechToSpeechViolations(() => ({ engine: engine(), language: 'en', utterance, deadlineMs: 500 }));
  const changed =
    (change: Partial<SpeechToSpeechSession>, events = (inner: SpeechToSpeechSession) => inner.events) =>
    (): SpeechToSpeech => {
      const engine = good();
      return {
        ...engine,
        open(options) {
          const inner = engine.open(options);
          return {
            write: (frame) => inner.write(frame),
            greet: () => inner.greet(),
            interrupt: (id, ms) => inner.interrupt(id, ms),
            close: () => inner.close(),
            events: events(inner),
            ...change,
          };
        },
      };
    };

  test('sees a session that cannot be closed', async () => {
    proof.assertViolates(await violations(changed({ close: () => undefined })), /closed at once/);
  });

  test('sees torn characters', async () => {
    async function* torn({ events }: SpeechToSpeechSession) {
      for await (const event of events)
        yield event.type === 'text' ? { ...event, delta: `${event.delta}\ufffd` } : event;
    }
    proof.assertViolates(await violations(changed({}, torn)), /comes late/);
  });
});

test('no rule is without its broken engine', () => proof.assertWhole());
