import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { status } from '@grpc/grpc-js';

import { EventReader } from '../../testing/conformance/event-reader.ts';
import { captureLog } from '../../testing/yandex/captured-log.ts';
import { type ConnectedYandex, connectYandex } from '../../testing/yandex/connected-yandex.ts';
import type { Fault } from '../../testing/yandex/fault.ts';
import { EngineError, type EngineErrorCode, type SynthesisEvent, type SynthesisRequest } from '../engine.ts';

const sentence = { text: 'Доброе утро, как у вас дела?', language: 'ru', rate: 1 } as const;
const never = new AbortController().signal;
/** What the server's tone lasts for a character at rate 1. */
const MS_PER_CHARACTER = 60;

function speak({ yandex }: ConnectedYandex, changes: Partial<SynthesisRequest> = {}): EventReader<SynthesisEvent> {
  return new EventReader(yandex.textToSpeech.synthesize({ ...sentence, ...changes }, never), 20_000);
}

function secondsOf({ yandex }: ConnectedYandex, events: readonly SynthesisEvent[]): number {
  const samples = events.reduce((sum, event) => sum + (event.type === 'audio' ? event.samples.length : 0), 0);
  return samples / yandex.textToSpeech.sampleRate;
}

async function failureOf(reader: EventReader<SynthesisEvent>): Promise<EngineError> {
  const failure: unknown = await reader.rest().then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof EngineError, 'nothing failed');
  return failure;
}

const methods = ['utterance', 'stream'] as const;

for (const method of methods) {
  describe(`SpeechKit's voice by ${method}`, () => {
    test('is asked for by name, with its role, at the pace and the rate that are wanted', async (t) => {
      const connected = await connectYandex(t, { synthesis: { method, sampleRate: 16_000 } });
      await speak(connected).rest();
      await speak(connected, { voice: 'alena:good', rate: 0.75 }).rest();
      await speak(connected, { text: 'Good morning.', language: 'en' }).rest();
      assert.deepEqual(
        connected.server.syntheses.map(({ voice, role, speed, sampleRate }) => ({ voice, role, speed, sampleRate })),
        [
          { voice: 'marina', role: 'friendly', speed: 1, sampleRate: 16_000 },
          { voice: 'alena', role: 'good', speed: 0.75, sampleRate: 16_000 },
          { voice: 'john', role: '', speed: 1, sampleRate: 16_000 },
        ],
      );
    });

    test('says a text beyond the limits of an utterance whole', async (t) => {
      const connected = await connectYandex(t, { synthesis: { method } });
      const text = Array.from({ length: 40 }, (_, i) => `Предложение номер ${i}, в нём есть запятая.`).join(' ');
      const events = await speak(connected, { text, rate: 0.5 }).rest();
      const said = connected.server.syntheses.map((speech) => speech.text.trim());
      assert.equal(said.join(' '), text);
      const spaces = said.length - 1;
      const expected = ((text.length - spaces) * MS_PER_CHARACTER) / 1_000 / 0.5;
      assert.ok(Math.abs(secondsOf(connected, events) - expected) < 0.1);
    });

    const kinds: readonly (readonly [Fault['kind'], number])[] = [
      ['status', 0],
      ['status', 400],
      ['reset', 400],
      ['garbage', 400],
      ['stall', 0],
      ['stall', 400],
    ];
    for (const [kind, afterMs] of kinds) {
      test(`ends with a failure that may pass after ${kind} at ${afterMs} ms, and speaks again`, async (t) => {
        const deadlines = { firstAudioDeadlineMs: 200, stallDeadlineMs: 200 };
        const connected = await connectYandex(t, { synthesis: { method, deadlines } });
        connected.server.failSyntheses((call) =>
          call === 0 ? { kind, afterMs, code: status.UNAVAILABLE } : undefined,
        );
        const reader = speak(connected);
        const error = await failureOf(reader);
        assert.equal(error.retryable, true);
        if (kind === 'stall') assert.equal(error.code, 'engine_timed_out');
        if (kind === 'status') assert.equal(error.code, 'engine_unavailable');
        const seconds = secondsOf(connected, reader.seen);
        // A broken connection takes along what was on its way.
        assert.ok(seconds < afterMs / 1_000 + 0.21 && (kind === 'reset' || seconds >= afterMs / 1_000), `${seconds} s`);
        assert.ok(secondsOf(connected, await speak(connected).rest()) > 1);
      });
    }
  });
}

describe("SpeechKit's refusals", () => {
  const refusals: readonly (readonly [string, status, EngineErrorCode, boolean])[] = [
    ['a quota', status.RESOURCE_EXHAUSTED, 'engine_quota_exceeded', true],
    ['a wrong request', status.INVALID_ARGUMENT, 'engine_rejected', false],
    ['a key without the right', status.PERMISSION_DENIED, 'engine_rejected', false],
    ['a wrong key', status.UNAUTHENTICATED, 'engine_rejected', false],
  ];
  for (const [what, code, expected, retryable] of refusals) {
    test(`${what} is ${expected}`, async (t) => {
      const connected = await connectYandex(t);
      connected.server.failSyntheses(() => ({ kind: 'status', afterMs: 0, code }));
      const error = await failureOf(speak(connected));
      assert.equal(error.code, expected);
      assert.equal(error.retryable, retryable);
    });
  }

  test('a voice that it does not have, and a name that is none', async (t) => {
    const connected = await connectYandex(t);
    for (const voice of ['nobody', '../x', '', 'alena:', 'a b']) {
      const error = await failureOf(speak(connected, { voice }));
      assert.equal(error.code, 'engine_rejected');
      assert.equal(error.retryable, false);
    }
  });

  test('neither the text nor the key is in the log, also when the refusal quotes them', async (t) => {
    const { log, lines } = captureLog();
    const connected = await connectYandex(t, { log, apiKey: 'very-secret' });
    const details = `Cannot say: ${sentence.text}`;
    connected.server.failSyntheses((call) =>
      call === 0 ? { kind: 'status', afterMs: 0, code: status.INVALID_ARGUMENT, details } : undefined,
    );
    await failureOf(speak(connected));
    await speak(connected).rest();
    const written = lines.join('');
    assert.match(written, /INVALID_ARGUMENT/);
    assert.match(written, /"requestId":"[0-9a-f-]{36}"/);
    assert.doesNotMatch(written, /Доброе|very-secret/);
  });
});

test('audio comes as it is made: the first of it long before the last', async (t) => {
  const connected = await connectYandex(t, { server: { pace: 1 } });
  const abort = new AbortController();
  const events = connected.yandex.textToSpeech.synthesize({ ...sentence, text: 'слово '.repeat(30) }, abort.signal);
  const reader = new EventReader(events, 20_000);
  await reader.until('audio');
  await reader.until('audio');
  assert.ok(secondsOf(connected, reader.seen) < 2);
  abort.abort();
  assert.equal((await reader.rest()).length, 0);
});
