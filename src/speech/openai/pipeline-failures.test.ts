import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { createSilentLogger } from '../../platform/log.ts';
import { EventReader } from '../../testing/conformance/event-reader.ts';
import { createTone } from '../../testing/engines/scripted-text-to-speech.ts';
import { eventually } from '../../testing/openai/caller.ts';
import type { Fault } from '../../testing/openai/faults.ts';
import { createScriptedMind, type Thought, type ThinkRequest } from '../../testing/openai/mind.ts';
import { type OpenAiServer, startOpenAiServer } from '../../testing/openai/server.ts';
import { captureLog } from '../../testing/yandex/captured-log.ts';
import { CountingClock } from '../../testing/yandex/counting-clock.ts';
import { ENGINE_FRAME_SAMPLES, EngineError, type TranscriptionStream, type TutorRequest } from '../engine.ts';
import { errorOfFailure } from './engine-errors.ts';
import { createOpenAi, type OpenAiOptions } from './index.ts';

let server: OpenAiServer;
let thinks: (request: ThinkRequest) => Thought;

before(async () => {
  server = await startOpenAiServer({ mind: createScriptedMind({ thinks: (request) => thinks(request) }) });
});
beforeEach(() => (thinks = () => ({ text: 'Well done. What did you do yesterday?' })));
after(() => server.close());

const { signal } = new AbortController();
const deadlineMs = 20_000;

function engines(options: Partial<OpenAiOptions> = {}) {
  return createOpenAi({ apiKey: server.apiKey, baseUrl: server.baseUrl, log: createSilentLogger(), ...options });
}

const request: TutorRequest = {
  occasion: 'turn',
  heard: 'I goed home.',
  history: [],
  memory: undefined,
  language: 'en',
  level: 'beginner',
  instructions: '',
};

const say = (stream: TranscriptionStream) => {
  const speech = createTone({ sampleRate: 16_000, durationMs: 600 });
  stream.startUtterance(0);
  for (let from = 0; from + ENGINE_FRAME_SAMPLES <= speech.length; from += ENGINE_FRAME_SAMPLES) {
    stream.write(speech.subarray(from, from + ENGINE_FRAME_SAMPLES));
  }
  stream.endUtterance();
};

const expected: readonly (readonly [Fault, string, boolean])[] = [
  ['bad_key', 'engine_rejected', false],
  ['forbidden', 'engine_rejected', false],
  ['quota', 'engine_quota_exceeded', true],
  ['rate_limit', 'engine_unavailable', true],
  ['server_error', 'engine_unavailable', true],
  ['hang', 'engine_timed_out', true],
  ['reset', 'engine_failed', true],
  ['stall', 'engine_timed_out', true],
  ['garbage', 'engine_failed', true],
  ['error_event', 'engine_unavailable', true],
];

describe('a failure of the vendor is told as what it is', () => {
  for (const [fault, code, retryable] of expected) {
    const impatient = fault === 'hang' || fault === 'stall' ? { openMs: 250, firstResultMs: 250, stallMs: 250 } : {};
    const retryAfterMs = fault === 'rate_limit' ? 6_500 : undefined;
    const told = (error: unknown) =>
      error instanceof EngineError &&
      error.code === code &&
      error.retryable === retryable &&
      error.retryAfterMs === retryAfterMs;

    test(`speech to text: ${fault}`, async () => {
      const clock = new CountingClock();
      const openai = engines({ limits: impatient, clock });
      server.failNext(fault);
      const stream = openai.speechToText.open({ language: 'en', signal });
      say(stream);
      const { error } = await new EventReader(stream.events, deadlineMs).until('error');
      assert.ok(told(error), `${error.code} ${error.retryable}`);
      openai.close();
      await eventually(() => clock.pending === 0);
    });

    for (const tutorApi of ['responses', 'chat'] as const) {
      test(`a tutor by ${tutorApi}: ${fault}`, async () => {
        const clock = new CountingClock();
        const openai = engines({ limits: impatient, clock, tutorApi });
        server.failNext(fault);
        await assert.rejects(new EventReader(openai.tutor.reply(request, signal), deadlineMs).rest(), told);
        assert.equal(clock.pending, 0);
        openai.close();
      });
    }

    // Raw audio has no form in which garbage or an error could be told.
    if (fault === 'garbage' || fault === 'error_event') continue;
    test(`text to speech: ${fault}`, async () => {
      const clock = new CountingClock();
      const openai = engines({ limits: impatient, clock });
      server.failNext(fault);
      const text = 'How are you today, my dear friend?';
      const events = openai.textToSpeech.synthesize({ text, language: 'en', rate: 1 }, signal);
      await assert.rejects(new EventReader(events, deadlineMs).rest(), told);
      assert.equal(clock.pending, 0);
      openai.close();
    });
  }

  test('and what is wrong with a request is told apart from what is wrong with the key or the model', () => {
    const about = [400, 401, 403, 404, 422, 500].filter((status) => errorOfFailure({ status }).aboutRequest);
    assert.deepEqual(about, [400, 422]);
    const type = 'invalid_request_error';
    assert.equal(errorOfFailure({ type }).aboutRequest, true);
    assert.equal(errorOfFailure({ type, code: 'model_not_found' }).aboutRequest, false);
  });

  test('and neither the key nor what was said reaches the log', async () => {
    const { log, lines } = captureLog();
    const openai = engines({ log, apiKey: 'sk-wrong' });
    await assert.rejects(new EventReader(openai.tutor.reply(request, signal), deadlineMs).rest());
    const right = engines({ log });
    for (const fault of ['garbage', 'server_error'] as const) {
      server.failNext(fault);
      await assert.rejects(new EventReader(right.tutor.reply(request, signal), deadlineMs).rest());
    }
    await new EventReader(right.tutor.reply(request, signal), deadlineMs).rest();
    assert.ok(lines.some((line) => line.includes('requestId')));
    for (const line of lines) assert.ok(!/sk-wrong|sk-local|goed|Well done|yesterday/.test(line), line);
    openai.close();
    right.close();
  });
});

describe('the tutor', () => {
  for (const tutorApi of ['responses', 'chat'] as const) {
    test(`by ${tutorApi} sends history within its budget, keeps notes, sets the pace and ends the call`, async () => {
      const asked: ThinkRequest[] = [];
      thinks = (one) => {
        asked.push(one);
        if (one.tools.length === 0) return { text: 'Goodbye!' };
        return {
          text: '',
          calls: [
            { name: 'note_progress', arguments: '{"note":"Says goed for went."}' },
            { name: 'set_pace', arguments: '{"rate":0.8}' },
            { name: 'end_call', arguments: '{}' },
          ],
        };
      };
      const openai = engines({ tutorApi, limits: { historyTokens: 120 } });
      const history = Array.from(
        { length: 40 },
        (_, i) => ({ speaker: 'learner', text: `Sentence number ${i}.` }) as const,
      );
      const given = { ...request, history, memory: { drill: { lesson: 2 } }, instructions: 'Talk of trains.' };
      const events = await new EventReader(openai.tutor.reply(given, signal), deadlineMs).rest();
      const memory = events.findLast((event) => event.type === 'memory');
      assert.deepEqual(memory?.type === 'memory' && memory.memory, {
        drill: { lesson: 2 },
        openai: { notes: ['Says goed for went.'] },
      });
      assert.ok(events.some((event) => event.type === 'pace' && event.rate === 0.8));
      assert.equal(events.at(-1)?.type, 'end_call');
      assert.equal(events.filter((event) => event.type === 'usage').length, 2);
      const [first, second] = asked;
      assert.match(first?.instructions ?? '', /English[\s\S]*Talk of trains\./);
      assert.match(second?.instructions ?? '', /Says goed for went\./);
      const texts = first?.messages.map(({ text }) => text) ?? [];
      assert.equal(texts.at(-1), 'I goed home.');
      assert.equal(texts.at(-2), 'Sentence number 39.');
      assert.ok(texts.length > 3 && texts.length < 20, String(texts.length));
      openai.close();
    });
  }

  test('asks without tools where they are switched off', async () => {
    const asked: ThinkRequest[] = [];
    thinks = (one) => {
      asked.push(one);
      return { text: 'Good.' };
    };
    const openai = engines({ tutorTools: false });
    await new EventReader(openai.tutor.reply(request, signal), deadlineMs).rest();
    assert.deepEqual(asked[0]?.tools, []);
    openai.close();
  });

  test('says how long to think where that is set, and nothing of it else', async () => {
    const asked = async (options: Partial<OpenAiOptions>): Promise<unknown> => {
      const openai = engines(options);
      await new EventReader(openai.tutor.reply(request, signal), deadlineMs).rest();
      openai.close();
      const { reasoning, reasoning_effort: effort } = server.requests.at(-1)!.body as Readonly<Record<string, unknown>>;
      return { reasoning, effort };
    };
    const tutorEffort = 'low';
    assert.deepEqual(await asked({}), { reasoning: undefined, effort: undefined });
    assert.deepEqual(await asked({ tutorEffort }), { reasoning: { effort: 'low' }, effort: undefined });
    assert.deepEqual(await asked({ tutorEffort, tutorApi: 'chat' }), { reasoning: undefined, effort: 'low' });
  });

  test('uses one connection for one answer after the other, and leaves none behind', async () => {
    const openai = engines();
    await eventually(async () => (await server.connections()) === 0);
    for (let i = 0; i < 5; i++) await new EventReader(openai.tutor.reply(request, signal), deadlineMs).rest();
    assert.equal(await server.connections(), 1);
    openai.close();
    await eventually(async () => (await server.connections()) === 0);
  });
});

describe('transcription', () => {
  test('goes on with a new connection when the old one grows old or is ended in a pause', async () => {
    const from = server.sessions.length;
    const openai = engines({ limits: { renewAfterMs: 200 } });
    const stream = openai.speechToText.open({ language: 'en', signal });
    const reader = new EventReader(stream.events, deadlineMs);
    say(stream);
    await reader.until('final');
    await eventually(() => server.sessions.length > from + 1);
    say(stream);
    assert.equal((await reader.until('final')).text, 'good morning');
    await eventually(() => server.sessions[from]?.closed === true);
    stream.close();
    openai.close();
  });
});
