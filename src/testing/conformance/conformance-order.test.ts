import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type {
  SpeechToSpeech,
  SpeechToSpeechSession,
  SpeechToText,
  TextToSpeech,
  TranscriptionEvent,
  TranscriptionStream,
} from '../../speech/engine.ts';
import { EventQueue } from '../../speech/event-queue.ts';
import { createScriptedSpeechToSpeech } from '../engines/scripted-speech-to-speech.ts';
import { createScriptedSpeechToText } from '../engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech, createTone } from '../engines/scripted-text-to-speech.ts';
import { findSpeechToSpeechViolations } from './speech-to-speech.ts';
import { findSpeechToTextViolations } from './speech-to-text.ts';
import { findTextToSpeechViolations } from './text-to-speech.ts';

/** The suites are proven here on engines that answer, but out of order, torn, late or to the wrong one. */

const deadlineMs = 200;
const utterance = new Int16Array(30_400);
utterance.set(createTone({ sampleRate: 16_000, durationMs: 600 }), 4_800);

function assertViolates(violations: readonly string[], pattern: RegExp): void {
  assert.ok(
    violations.some((name) => pattern.test(name)),
    `${pattern} is not among: ${violations.join('; ') || 'none'}`,
  );
}

describe('the speech-to-text suite', () => {
  const good = (final = 'hello') =>
    createScriptedSpeechToText({ utterances: [final], repeat: true, languages: ['en'] });
  const violations = (engine: () => SpeechToText) =>
    findSpeechToTextViolations(() => ({
      engine: engine(),
      language: 'en',
      utterance,
      speechStartsAtMs: 300,
      word: 'hello',
      deadlineMs,
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
    assertViolates(await violations(empty), /only before the final/);
  });

  test('sees torn characters', async () => {
    const torn = () =>
      relayed((event, push) => push(event.type === 'final' ? { ...event, text: 'hello \ud83d' } : event));
    assertViolates(await violations(torn), /whole characters/);
  });

  test('sees an engine that speaks at its closing', async () => {
    const last = () =>
      relayed(
        (event, push) => push(event),
        (queue) => queue.push({ type: 'final', text: '' }),
      );
    assertViolates(await violations(last), /after any frame/);
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
    assertViolates(await violations(forgetful), /comes late/);
  });
});

describe('the text-to-speech suite', () => {
  const good = () => createScriptedTextToSpeech({ languages: ['en'] });
  const violations = (engine: () => TextToSpeech) =>
    findTextToSpeechViolations(() => ({ engine: engine(), deadlineMs }));

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
    assertViolates(await violations(mixed), /two sentences at once/);
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
    assertViolates(await violations(touchy), /after any of its audio/);
  });
});

describe('the speech-to-speech suite', () => {
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
    assertViolates(await violations(changed({ close: () => undefined })), /closed at once/);
  });

  test('sees torn characters', async () => {
    async function* torn({ events }: SpeechToSpeechSession) {
      for await (const event of events)
        yield event.type === 'text' ? { ...event, delta: `${event.delta}\ufffd` } : event;
    }
    assertViolates(await violations(changed({}, torn)), /comes late/);
  });
});
