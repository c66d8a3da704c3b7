import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { TextToSpeech } from '../../speech/engine.ts';
import { untilAborted } from '../engines/scripted-failure.ts';
import { createScriptedTextToSpeech, createTone } from '../engines/scripted-text-to-speech.ts';
import { Proof } from './proof.ts';
import { findTextToSpeechViolations, textToSpeechRules } from './text-to-speech.ts';

/** The suite is proven here: a good engine passes, and for each rule there is an engine that breaks it. */

/** What a good engine has time for, also on a busy machine, ... */
const patientMs = 3_000;
/** ... and how long a broken one is waited for. */
const deadlineMs = 60;
const tornMs = 200;
const proof = new Proof(textToSpeechRules);

describe('the text-to-speech suite', () => {
  const good = () => createScriptedTextToSpeech({ languages: ['en'], wordTimes: true });
  const violations = (engine: () => TextToSpeech, waitMs = deadlineMs) =>
    findTextToSpeechViolations(() => ({ engine: engine(), deadlineMs: waitMs }));
  const speaking = (synthesize: (inner: TextToSpeech) => TextToSpeech['synthesize']) => () => {
    const inner = good();
    return { ...inner, synthesize: synthesize(inner) };
  };

  test('passes a good engine', async () => {
    assert.deepEqual(await violations(good, patientMs), []);
  });

  test('sees silence, a wrong length, one pace for all, and a sentence cut short', async () => {
    const voice = new Int16Array(100);
    proof.assertViolates(await violations(() => createScriptedTextToSpeech({ voice })), /plausible/);
    const constant = () => createScriptedTextToSpeech({ durationMs: () => 2_000 });
    proof.assertViolates(await violations(constant), /whole/);
    const breathless = speaking((inner) => (request, signal) => inner.synthesize({ ...request, rate: 1 }, signal));
    proof.assertViolates(await violations(breathless), /lower rate/);
  });

  test('sees audio after the abort, and an abort that is an error or is not heard', async () => {
    const deaf = speaking((inner) => (request) => inner.synthesize(request, new AbortController().signal));
    proof.assertViolates(await violations(deaf), /before/, /after it is aborted/);
    const loud = speaking(
      (inner) =>
        async function* (request, signal) {
          yield* inner.synthesize(request, signal);
          signal.throwIfAborted();
        },
    );
    proof.assertViolates(await violations(loud), /no error/);
    const stuck = () => createScriptedTextToSpeech({ stalls: { 0: { afterMs: 0 } } });
    proof.assertViolates(await violations(stuck), /plausible/);
    const waiting = speaking(
      (inner) =>
        async function* (request, signal) {
          yield* inner.synthesize(request, signal);
          await new Promise(() => undefined);
        },
    );
    proof.assertViolates(await violations(waiting), /waited for/);
  });

  test('sees an error for nothing to say or for odd text', async () => {
    const picky = speaking(
      (inner) =>
        async function* (request, signal) {
          if (!/^[\p{L}\s,?]+$/u.test(request.text)) throw new Error('What?');
          yield* inner.synthesize(request, signal);
        },
    );
    proof.assertViolates(await violations(picky), /nothing to say/, /any text/);
  });

  test('sees audio that is not given away, and words out of order', async () => {
    const shared = createTone({ sampleRate: 24_000, durationMs: 2_000 });
    const keeping = speaking(
      () =>
        async function* () {
          yield { type: 'audio', samples: shared };
        },
    );
    proof.assertViolates(await violations(keeping), /gives its audio away/);
    const backwards = speaking(
      (inner) =>
        async function* (request, signal) {
          yield { type: 'word', offset: 9, startMs: 900 };
          yield { type: 'word', offset: 3, startMs: 90_000 };
          yield* inner.synthesize(request, signal);
        },
    );
    proof.assertViolates(await violations(backwards), /where each word begins/);
  });

  test('sees places that aborted and slow readers keep', async () => {
    const running = new Set<object>();
    const leaking = () =>
      speaking(
        (inner) =>
          async function* (request, signal) {
            if (running.size >= 4) await untilAborted(signal);
            const place = {};
            running.add(place);
            yield* inner.synthesize(request, signal);
            if (!signal.aborted) running.delete(place);
          },
      )();
    proof.assertViolates(await violations(leaking), /slow to take/, /still speaks/);
  });

  test('sees an engine that takes any language', async () => {
    const anything = speaking((inner) => (request, signal) => inner.synthesize({ ...request, language: 'en' }, signal));
    proof.assertViolates(await violations(anything), /language/);
  });
});

describe('the text-to-speech suite, of what answers out of order, torn, late or to the wrong one', () => {
  const good = () => createScriptedTextToSpeech({ languages: ['en'] });
  const violations = (engine: () => TextToSpeech) =>
    findTextToSpeechViolations(() => ({ engine: engine(), deadlineMs: tornMs }));

  test('sees audio that goes to the wrong one', async () => {
    const mixed = (): TextToSpeech => {
      const engine = good();
      let latest = '';
      return {
        ...engine,
        async *synthesize(request, signal) {
          latest = request.text;
          // Whoever asked meanwhile decides what is said.
          await Promise.resolve();
          yield* engine.synthesize({ ...request, text: latest }, signal);
        },
      };
    };
    proof.assertViolates(await violations(mixed), /two sentences at once/);
  });

  test('sees an error where the sentence was only aborted', async () => {
    const touchy = (): TextToSpeech => {
      const engine = good();
      return {
        ...engine,
        async *synthesize(request, signal) {
          yield* engine.synthesize(request, signal);
          if (signal.aborted) throw new Error('aborted');
        },
      };
    };
    proof.assertViolates(await violations(touchy), /after any of its audio/);
  });
});

test('no rule is without its broken engine', () => proof.assertWhole());
