import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { createSilentLogger } from '../../platform/log.ts';
import { createTone } from '../../testing/engines/scripted-text-to-speech.ts';
import { createScriptedMind } from '../../testing/openai/mind.ts';
import { type OpenAiServer, startOpenAiServer } from '../../testing/openai/server.ts';
import type { SessionRecord } from '../../testing/openai/wire.ts';
import { CountingClock } from '../../testing/yandex/counting-clock.ts';
import { createOpenAi, type OpenAiEngines, type OpenAiLimits } from './index.ts';
import { Caller, eventually } from '../../testing/openai/caller.ts';

const history = [
  { speaker: 'learner', text: 'My name is Ann.' },
  { speaker: 'tutor', text: 'Nice to meet you, Ann.' },
] as const;

let server: OpenAiServer;
let openai: OpenAiEngines;
let clock: CountingClock;

beforeEach(async () => {
  const mind = createScriptedMind({ msPerCharacter: 5, thinks: () => ({ text: 'Tell me about your day.' }) });
  server = await startOpenAiServer({ mind });
  clock = new CountingClock();
});
afterEach(async () => {
  openai.close();
  await server.close();
  await eventually(() => clock.pending === 0);
});

function engine(limits: Partial<OpenAiLimits>): OpenAiEngines {
  openai = createOpenAi({ apiKey: server.apiKey, baseUrl: server.baseUrl, limits, log: createSilentLogger(), clock });
  return openai;
}

/** What a session was told of the conversation before it. */
function told({ received }: SessionRecord | { readonly received: readonly never[] }): string[] {
  return received.flatMap((event: { readonly type: string; readonly item?: unknown }) => {
    if (event.type !== 'conversation.item.create') return [];
    const { role, content } = event.item as {
      readonly role: string;
      readonly content: readonly { readonly text: string }[];
    };
    return [`${role}: ${content[0]?.text ?? ''}`];
  });
}

const nothing = { received: [] } as const;

describe('a session that grows old', () => {
  test('is replaced in a pause by one that knows what was said, and the call goes on', async () => {
    const caller = new Caller(engine({ renewAfterMs: 100 }).speechToSpeech, { history });
    caller.session.greet();
    await caller.reader.until('answer_finished');
    await eventually(() => server.sessions.length > 1 && told(server.sessions[1] ?? nothing).length > 0);
    assert.deepEqual(told(server.sessions[0] ?? nothing), [
      'user: My name is Ann.',
      'assistant: Nice to meet you, Ann.',
    ]);
    assert.deepEqual(told(server.sessions[1] ?? nothing), [
      'user: My name is Ann.',
      'assistant: Nice to meet you, Ann.',
      'assistant: Tell me about your day.',
    ]);
    caller.say();
    await caller.reader.until('answer_finished');
    const types = caller.reader.seen.map(({ type }) => type);
    for (const [type, times] of [
      ['speech_started', 1],
      ['speech_stopped', 1],
      ['answer_started', 2],
      ['error', 0],
    ] as const) {
      assert.equal(types.filter((one) => one === type).length, times, type);
    }
    await eventually(() => server.sessions[0]?.closed === true);
    caller.leave();
  });

  test('is replaced also in the middle of a turn when its time is up: the turn is heard whole, and answered once', async () => {
    const limits = { renewAfterMs: 300, renewAtLatestMs: 600 };
    const caller = new Caller(engine(limits).speechToSpeech);
    const long = new Int16Array(16_000 * 16);
    long.set(createTone({ sampleRate: 16_000, durationMs: 15_000 }));
    caller.say(long);
    await caller.reader.until('speech_started');
    await caller.reader.until('answer_finished');
    const { seen } = caller.reader;
    const count = (type: string) => seen.filter((event) => event.type === type).length;
    assert.deepEqual([count('speech_started'), count('speech_stopped'), count('answer_finished')], [1, 1, 1]);
    assert.equal(seen.filter((event) => event.type === 'heard' && event.final).length, 1);
    const hearing = server.sessions.find(({ audioMs }) => audioMs > 15_000);
    assert.ok(hearing, server.sessions.map(({ audioMs }) => audioMs).join(', '));
    caller.leave();
  });

  test('is replaced when the vendor ends it first, and hears the turn again', async () => {
    const caller = new Caller(engine({}).speechToSpeech, { history });
    caller.session.greet();
    await caller.reader.until('answer_finished');
    const [first] = server.sessions;
    // As if it had lived for an hour.
    const livedMs = clock.monotonicMs();
    clock.monotonicMs = () => livedMs + 3_600_000;
    caller.say();
    await caller.reader.until('speech_started');
    first?.expire();
    await caller.reader.until('answer_finished');
    const { seen } = caller.reader;
    assert.equal(seen.filter((event) => event.type === 'speech_started').length, 1);
    assert.equal(seen.filter((event) => event.type === 'heard' && event.final).length, 1);
    assert.equal(server.sessions.length, 2);
    assert.equal(told(server.sessions[1] ?? nothing).length, 3);
    caller.leave();
  });

  test('is not opened again and again where sessions end at once', async () => {
    const caller = new Caller(engine({}).speechToSpeech);
    await eventually(() => server.sessions.length > 0);
    server.sessions[0]?.expire();
    const { error } = await caller.reader.until('error');
    assert.deepEqual([error.code, error.retryable], ['engine_failed', true]);
    caller.leave();
  });

  test('goes on when a renewal fails', async () => {
    const caller = new Caller(engine({ renewAfterMs: 50 }).speechToSpeech);
    await eventually(() => server.sessions.length > 0);
    server.failNext('server_error', 'server_error');
    caller.say();
    await caller.reader.until('answer_finished');
    caller.leave();
  });
});
