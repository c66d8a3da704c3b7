import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import { status } from '@grpc/grpc-js';

import { createSilentLogger } from '../../platform/log.ts';
import { EventReader } from '../../testing/conformance/event-reader.ts';
import { LivedClock } from '../../testing/lived-clock.ts';
import { captureLog } from '../../testing/yandex/captured-log.ts';
import { createCodedSpeech } from '../../testing/yandex/coded-speech.ts';
import { connectYandex, type Listening, sayTo, writeFrames } from '../../testing/yandex/connected-yandex.ts';
import type { Ear } from '../../testing/yandex/ear.ts';
import type { Fault } from '../../testing/yandex/fault.ts';
import type { EngineErrorCode } from '../engine.ts';
import { createYandex } from './index.ts';
import { errorOfStatus } from './status.ts';

const speech = createCodedSpeech(['one', 'two', 'three', 'четыре']);
const hear = speech.ear;
const sentence = speech.say(['one', 'two', 'three', 'one', 'two', 'three']);

/** The error that ends the events, which nothing follows. */
async function failureOf({ reader }: Listening): Promise<{ code: EngineErrorCode; retryable: boolean }> {
  const { error } = await reader.until('error');
  assert.equal(error.engine, 'yandex');
  assert.equal((await reader.rest()).length, 0);
  return { code: error.code as EngineErrorCode, retryable: error.retryable };
}

describe("the recognizer's failures", () => {
  const statuses: readonly (readonly [status, EngineErrorCode, boolean])[] = [
    [status.INVALID_ARGUMENT, 'engine_rejected', false],
    [status.PERMISSION_DENIED, 'engine_rejected', false],
    [status.UNAUTHENTICATED, 'engine_rejected', false],
    [status.RESOURCE_EXHAUSTED, 'engine_quota_exceeded', true],
    [status.DEADLINE_EXCEEDED, 'engine_timed_out', true],
    [status.UNAVAILABLE, 'engine_unavailable', true],
    [status.INTERNAL, 'engine_failed', true],
    [status.ABORTED, 'engine_failed', true],
  ];
  test('of all statuses one is about the request alone', () => {
    const about = statuses.filter(([code]) => errorOfStatus(code).aboutRequest).map(([code]) => code);
    assert.deepEqual(about, [status.INVALID_ARGUMENT]);
  });

  for (const [code, expected, retryable] of statuses) {
    test(`${status[code]} amid speech is ${expected}`, async (t) => {
      const { server, listen } = await connectYandex(t, { server: { hear } });
      server.failRecognitions(() => ({ kind: 'status', code, afterMs: 1_000 }));
      const listening = listen();
      const saying = sayTo(listening.stream, sentence);
      assert.deepEqual(await failureOf(listening), { code: expected, retryable });
      await saying;
    });
  }

  const kinds: readonly (readonly [Fault['kind'], EngineErrorCode])[] = [
    ['reset', 'engine_unavailable'],
    ['garbage', 'engine_failed'],
    ['close', 'engine_failed'],
    ['stall', 'engine_timed_out'],
  ];
  for (const [kind, code] of kinds) {
    test(`${kind} amid speech is a failure that may pass`, async (t) => {
      const limits = { stallDeadlineMs: 150, finalDeadlineMs: 300 };
      const { server, listen } = await connectYandex(t, { server: { hear }, recognition: { limits } });
      server.failRecognitions((call) => (call === 0 ? { kind, afterMs: 1_000 } : undefined));
      const listening = listen();
      const saying = sayTo(listening.stream, sentence);
      const failure = await failureOf(listening);
      await saying;
      assert.equal(failure.retryable, true);
      // How a broken connection shows is the transport's affair.
      if (kind !== 'reset') assert.equal(failure.code, code);
      const next = listen();
      await sayTo(next.stream, sentence);
      assert.equal((await next.reader.until('final')).text, 'one two three one two three');
    });
  }

  test('a limit of the service that was reached after all may pass: it is told as a wrong request', async (t) => {
    const limits = { soft: { maxAgeMs: 900, maxBytes: Infinity }, hard: { maxAgeMs: Infinity, maxBytes: Infinity } };
    const server = { hear, recognizer: { maxSessionMs: 1_000 } };
    const { listen } = await connectYandex(t, { server, recognition: { limits } });
    const listening = listen();
    const saying = sayTo(listening.stream, sentence);
    assert.deepEqual(await failureOf(listening), { code: 'engine_failed', retryable: true });
    await saying;
  });

  test('a wrong key is refused at once, and never repeated in the log', async (t) => {
    const { log, lines } = captureLog();
    const { listen } = await connectYandex(t, { server: { keys: ['right'] }, apiKey: 'wrong-secret', log });
    assert.deepEqual(await failureOf(listen()), { code: 'engine_rejected', retryable: false });
    const written = lines.join('');
    assert.match(written, /"requestId":"[0-9a-f-]{36}"/);
    assert.match(written, /UNAUTHENTICATED/);
    assert.doesNotMatch(written, /wrong-secret/);
  });

  test('what is heard stays out of the log', async (t) => {
    const { log, lines } = captureLog();
    const { listen, server } = await connectYandex(t, { server: { hear }, log });
    const { stream, reader } = listen('ru');
    await sayTo(stream, speech.say(['четыре']));
    assert.equal((await reader.until('final')).text, 'четыре');
    stream.close();
    assert.ok(lines.length > 0);
    assert.doesNotMatch(lines.join(''), /четыре/);
    assert.ok(lines.join('').includes(server.recognitions[0]?.requestId ?? '-'));
  });

  test('nobody listens there: unavailable', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await assertFails(port, { code: 'engine_unavailable', retryable: true });
  });

  test('somebody listens there, and says nothing: timed out', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    await assertFails((mute.address() as AddressInfo).port, { code: 'engine_timed_out', retryable: true });
    for (const socket of sockets) socket.destroy();
    mute.close();
  });

  async function assertFails(port: number, expected: object): Promise<void> {
    const endpoint = `http://127.0.0.1:${port}`;
    const limits = { connectDeadlineMs: 300 };
    const log = createSilentLogger();
    const clock = new LivedClock();
    const yandex = createYandex({ apiKey: 'key', sttEndpoint: endpoint, log, clock, recognition: { limits } });
    const stream = yandex.speechToText.open({ language: 'en', signal: new AbortController().signal });
    try {
      assert.deepEqual(await failureOf({ stream, reader: new EventReader(stream.events, 30_000) }), expected);
    } finally {
      await yandex.close();
    }
  }
});

describe('a server that says little', () => {
  test('is no failure where nobody said a word', async (t) => {
    const recognizer = { statusEveryMs: 20 };
    const mute = neverSettling();
    const limits = { finalDeadlineMs: 200 };
    const { listen } = await connectYandex(t, { server: { hear: mute, recognizer }, recognition: { limits } });
    const { stream, reader } = listen();
    for (let i = 0; i < 2; i++) {
      stream.startUtterance(0);
      stream.write(new Int16Array(320));
      stream.endUtterance();
      assert.equal((await reader.until('final')).text, '');
    }
  });

  test('is a failure where words were heard and never settled', async (t) => {
    const mute = neverSettling();
    const limits = { finalDeadlineMs: 200 };
    const { listen } = await connectYandex(t, { server: { hear: mute }, recognition: { limits } });
    const listening = listen();
    await sayTo(listening.stream, sentence);
    assert.deepEqual(await failureOf(listening), { code: 'engine_timed_out', retryable: true });
  });

  test('is a failure when it takes no audio', async (t) => {
    const { server, listen } = await connectYandex(t, {
      server: { hear },
      recognition: { limits: { maxUnsentMs: 5_000 } },
    });
    server.failRecognitions(() => ({ kind: 'stall', afterMs: 0 }));
    const listening = listen();
    listening.stream.startUtterance(0);
    const frame = new Int16Array(320);
    for (let i = 0; i < 1_000; i++) listening.stream.write(frame);
    assert.equal((await failureOf(listening)).code, 'engine_timed_out');
  });

  function neverSettling(): Ear {
    const conclude = () => new Promise<never>(() => undefined);
    return { listen: (session) => Object.assign(hear.listen(session), { conclude }) };
  }
});

describe('refinements', () => {
  const normalize = (text: string) => `${text.replaceAll('two', '2')}.`;

  test('replace the text of the final, and keep the times of its words', async (t) => {
    const { listen } = await connectYandex(t, { server: { hear, normalize } });
    const { stream, reader } = listen();
    await sayTo(stream, speech.say(['one', 'two']));
    const { text, words = [] } = await reader.until('final');
    assert.equal(text, 'one 2.');
    assert.deepEqual(
      words.map(({ text: word, startMs }) => [word, startMs]),
      [
        ['one', 0],
        ['2.', 400],
      ],
    );
  });

  test('are not waited for for long, and no more after they failed to come twice', async (t) => {
    // This server believes that nobody asked for refinements.
    const { listen, server } = await connectYandex(t, {
      server: { hear, refine: false },
      recognition: { limits: { refinementDeadlineMs: 100 } },
    });
    const { stream, reader } = listen();
    for (let i = 0; i < 4; i++) {
      await sayTo(stream, speech.say(['one', 'two']));
      assert.equal((await reader.until('final')).text, 'one two');
    }
    assert.equal(server.recognitions.length, 1);
  });

  test('are not asked for where the text is wanted as it was said', async (t) => {
    const { listen } = await connectYandex(t, { server: { hear, normalize }, recognition: { normalize: false } });
    const { stream, reader } = listen();
    await sayTo(stream, speech.say(['two']));
    assert.equal((await reader.until('final')).text, 'two');
  });
});

describe('the language', () => {
  for (const [languages, language, code] of [
    ['call', 'ru', 'ru-RU'],
    ['call', 'en', 'en-US'],
    ['automatic', 'ru', 'auto'],
  ] as const) {
    test(`${languages} ${language} is asked for as ${code}`, async (t) => {
      const { listen, server } = await connectYandex(t, { server: { hear }, recognition: { languages } });
      listen(language);
      while (!server.recognitions[0]?.options) await turnOfTheLoop();
      const { recognitionModel } = server.recognitions[0].options;
      assert.deepEqual(recognitionModel?.languageRestriction?.languageCode, [code]);
      assert.equal(recognitionModel.textNormalization?.profanityFilter, true);
    });
  }
});

describe("the service's own ear for ends", () => {
  test('says that the speaker has finished before the caller does, and takes it back when more is said', async (t) => {
    const { listen } = await connectYandex(t, { server: { hear }, recognition: { endpointing: 'service' } });
    const { stream, reader } = listen();
    stream.startUtterance(0);
    await writeFrames(stream, speech.say(['one', 'two']));
    await writeFrames(stream, new Int16Array(16 * 1_000));
    await reader.until('end_of_utterance');
    await writeFrames(stream, speech.say(['three']));
    stream.endUtterance();
    assert.equal((await reader.until('final')).text, 'one two three');
  });
});
