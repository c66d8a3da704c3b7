import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  ENGINE_FRAME_SAMPLES,
  EngineError,
  type SpeechToSpeech,
  type SpeechToSpeechEvent,
  type SpeechToText,
  type TextToSpeech,
  type TranscriptionEvent,
  type TranscriptionStream,
  type Tutor,
  type TutorEvent,
} from '../../speech/engine.ts';
import { EventQueue } from '../../speech/event-queue.ts';
import { untilAborted } from '../engines/scripted-failure.ts';
import { createScriptedSpeechToSpeech } from '../engines/scripted-speech-to-speech.ts';
import { createScriptedSpeechToText } from '../engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech, createTone } from '../engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../engines/scripted-tutor.ts';
import { findSpeechToSpeechViolations } from './speech-to-speech.ts';
import { findSpeechToTextViolations } from './speech-to-text.ts';
import { findTextToSpeechViolations } from './text-to-speech.ts';
import { findTutorViolations } from './tutor.ts';

/** The suites are proven here: a good engine passes each, and for each rule there is an engine that breaks it. */

/** What a good engine has time for, also on a busy machine, ... */
const patientMs = 3_000;
/** ... and how long a broken one is waited for. */
const deadlineMs = 60;
const words = [{ text: 'hello', startMs: 300, endMs: 700, confidence: 0.9 }];
const utterance = new Int16Array(30_400);
utterance.set(createTone({ sampleRate: 16_000, durationMs: 600 }), 4_800);

/** Passes when a violation's name matches each pattern. */
function assertViolates(violations: readonly string[], ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns) {
    assert.ok(
      violations.some((name) => pattern.test(name)),
      `${pattern} is not among: ${violations.join('; ') || 'none'}`,
    );
  }
}

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
    assertViolates(await violations(engine), /one final/, /outside of one/);
  });

  test('sees a final that never comes', async () => {
    const silent = () => createScriptedSpeechToText({ utterances: [{ final: '', stall: true }], languages: ['en'] });
    assertViolates(await violations(silent), /one final/, /without audio/, /in a row/);
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
    assert.deepEqual(await violations(engine, 500), ['answers an utterance without audio, and one of silence']);
  });

  test('sees wrong words, and word times out of order', async () => {
    const deaf = () => createScriptedSpeechToText({ utterances: ['goodbye'], repeat: true, languages: ['en'] });
    assertViolates(await violations(deaf), /has the words/, /long|\d s/);
    const late = [{ text: 'hello', startMs: 90_000, endMs: 90_100, confidence: 2 }];
    const confused = () =>
      createScriptedSpeechToText({ utterances: [{ final: 'hello', words: late }], repeat: true, languages: ['en'] });
    assert.equal((await violations(confused, patientMs)).length, 1);
  });

  test('sees an engine that keeps the frames it is lent', async () => {
    assertViolates(await violations(() => loudnessEar({ keeps: true })), /has the words/);
    assert.deepEqual(await violations(() => loudnessEar({ keeps: false }), patientMs), []);
  });

  test('sees an engine without a pre-roll', async () => {
    assertViolates(await violations(() => loudnessEar({ keeps: false, startLoss: true })), /written before the start/);
  });

  test('sees a stream that outlives close() and abort', async () => {
    assertViolates(await violations(changed(() => ({ close: () => undefined }))), /close\(\)/);
    const deafToAbort = () => {
      const engine = good();
      return {
        ...engine,
        open: (options) => engine.open({ ...options, signal: new AbortController().signal }),
      } as SpeechToText;
    };
    assertViolates(await violations(deafToAbort), /aborted signal/, /in an utterance/);
  });

  test('sees an engine that throws, and one that takes any language', async () => {
    const throwing = (): SpeechToText => ({
      ...good(),
      open: () => {
        throw new Error('no');
      },
    });
    assertViolates(await violations(throwing), /language/, /aborted/);
    const anything = (): SpeechToText => ({
      ...good(),
      open: (options) => good().open({ ...options, language: 'en' }),
    });
    assertViolates(await violations(anything), /language/);
  });

  test('sees streams that are mixed up', async () => {
    assertViolates(
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

/** Understands "hello" when it was loud for at least half a second. */
function loudnessEar({ keeps, startLoss = false }: { keeps: boolean; startLoss?: boolean }): SpeechToText {
  return {
    name: 'loudness',
    capabilities: { languages: ['en'], endOfUtterance: false, wordTimes: false },
    open({ language, signal }) {
      const queue = new EventQueue<TranscriptionEvent>();
      signal.addEventListener('abort', () => queue.endNow(), { once: true });
      if (signal.aborted) queue.endNow();
      if (language !== 'en') {
        const message = 'English only';
        const error = new EngineError({ engine: 'loudness', code: 'engine_rejected', message, retryable: false });
        queue.push({ type: 'error', error });
        queue.end();
      }
      let before: Int16Array[] = [];
      let utteranceFrames: Int16Array[] | undefined;
      return {
        write(frame) {
          const kept = keeps ? frame : frame.slice();
          if (utteranceFrames) utteranceFrames.push(kept);
          else before = [...before, kept].slice(-50);
        },
        startUtterance(prefixMs) {
          const prefixFrames = startLoss || prefixMs === 0 ? [] : before.slice(-Math.ceil(prefixMs / 20));
          utteranceFrames ??= prefixFrames;
          before = [];
        },
        endUtterance() {
          if (!utteranceFrames) return;
          const loud = utteranceFrames.filter((frame) => frame.some((sample) => sample > 1_000)).length;
          utteranceFrames = undefined;
          queue.push({ type: 'final', text: loud >= 500 / 20 ? 'hello' : '' });
        },
        events: queue,
        close: () => queue.endNow(),
      };
    },
  };
}

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
    assertViolates(await violations(() => createScriptedTextToSpeech({ voice })), /plausible/);
    const constant = () => createScriptedTextToSpeech({ durationMs: () => 2_000 });
    assertViolates(await violations(constant), /whole/);
    const breathless = speaking((inner) => (request, signal) => inner.synthesize({ ...request, rate: 1 }, signal));
    assertViolates(await violations(breathless), /lower rate/);
  });

  test('sees audio after the abort, and an abort that is an error or is not heard', async () => {
    const deaf = speaking((inner) => (request) => inner.synthesize(request, new AbortController().signal));
    assertViolates(await violations(deaf), /before/, /after it is aborted/);
    const loud = speaking(
      (inner) =>
        async function* (request, signal) {
          yield* inner.synthesize(request, signal);
          signal.throwIfAborted();
        },
    );
    assertViolates(await violations(loud), /no error/);
    const stuck = () => createScriptedTextToSpeech({ stalls: { 0: { afterMs: 0 } } });
    assertViolates(await violations(stuck), /plausible/);
  });

  test('sees an error for nothing to say or for odd text', async () => {
    const picky = speaking(
      (inner) =>
        async function* (request, signal) {
          if (!/^[\p{L}\s,?]+$/u.test(request.text)) throw new Error('What?');
          yield* inner.synthesize(request, signal);
        },
    );
    assertViolates(await violations(picky), /nothing to say/, /any text/);
  });

  test('sees audio that is not given away, and words out of order', async () => {
    const shared = createTone({ sampleRate: 24_000, durationMs: 2_000 });
    const keeping = speaking(
      () =>
        async function* () {
          yield { type: 'audio', samples: shared };
        },
    );
    assertViolates(await violations(keeping), /gives its audio away/);
    const backwards = speaking(
      (inner) =>
        async function* (request, signal) {
          yield { type: 'word', offset: 9, startMs: 900 };
          yield { type: 'word', offset: 3, startMs: 90_000 };
          yield* inner.synthesize(request, signal);
        },
    );
    assertViolates(await violations(backwards), /where each word begins/);
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
    assertViolates(await violations(leaking), /slow to take/);
  });

  test('sees an engine that takes any language', async () => {
    const anything = speaking((inner) => (request, signal) => inner.synthesize({ ...request, language: 'en' }, signal));
    assertViolates(await violations(anything), /language/);
  });
});

describe('the tutor suite', () => {
  const good = () => createScriptedTutor();
  const violations = (tutor: () => Tutor, waitMs = deadlineMs) =>
    findTutorViolations(() => ({ tutor: tutor(), deadlineMs: waitMs, deterministic: true }));
  const replying = (events: readonly TutorEvent[]) => () => createScriptedTutor({ answers: [{ events }] });
  const text = { type: 'text', delta: 'Well done.' } as const;

  test('passes a good tutor', async () => {
    assert.deepEqual(await violations(good, patientMs), []);
  });

  test('sees an answer without words, or that never ends', async () => {
    assertViolates(await violations(replying([])), /greets/, /each level/);
    const stuck = () => createScriptedTutor({ answers: [{ events: [text], stall: true }] });
    assertViolates(await violations(stuck), /greets/);
  });

  test('sees an assessment after the text, and one that cannot be', async () => {
    const assessment = { expected: 'a', words: [], percent: 50 };
    assertViolates(await violations(replying([text, { type: 'assessment', assessment }])), /greets/);
    const impossible = { ...assessment, percent: 101 };
    assertViolates(await violations(replying([{ type: 'assessment', assessment: impossible }, text])), /greets/);
  });

  test('sees a cost that cannot be', async () => {
    const usage = { inputTokens: Number.NaN, outputTokens: 1 };
    assertViolates(await violations(replying([{ type: 'usage', usage }, text])), /greets/);
  });

  test('sees a memory that does not survive JSON', async () => {
    assertViolates(await violations(replying([{ type: 'memory', memory: { when: new Date(0) } }, text])), /greets/);
  });

  test('sees words after the abort', async () => {
    const deaf = (): Tutor => {
      const tutor = good();
      return { ...tutor, reply: (request) => tutor.reply(request, new AbortController().signal) };
    };
    assertViolates(await violations(deaf), /aborted before/);
  });

  test('sees a tutor that keeps something between requests', async () => {
    const counting = () => {
      let count = 0;
      return createScriptedTutor({ answers: () => `Answer ${count++}.` });
    };
    assertViolates(await violations(counting), /keeps nothing/, /two at once/);
  });

  test('sees a tutor that stumbles over what it hears or remembers', async () => {
    const fragile = () =>
      createScriptedTutor({
        answers: ({ heard, memory }) => (heard.trim() === '' || memory ? { events: [], failure: {} } : 'Good.'),
      });
    assertViolates(await violations(fragile), /whatever was heard/, /whatever memory/);
  });
});

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
    assertViolates(await violations(mixed), /speaks first/);
    assertViolates(await violations(changed((event) => (event.type === 'audio' ? undefined : event))), /speaks first/);
  });

  test('sees an engine that hears in silence', async () => {
    const nervous = changed((event) => (event.type === 'text' ? { type: 'heard', text: 'what', final: false } : event));
    assertViolates(await violations(nervous), /silence/);
  });

  test('sees what is heard and not told', async () => {
    assertViolates(await violations(changed((event) => (event.type === 'heard' ? undefined : event))), /two turns/);
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
    assertViolates(await violations(stubborn), /interrupted/, /whatever moment/, /close\(\)/, /aborts/);
  });
});

test('frames are as long as the suites believe', () => {
  assert.equal(utterance.length % ENGINE_FRAME_SAMPLES, 0);
});
