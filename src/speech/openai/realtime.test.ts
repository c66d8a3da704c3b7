import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { createSilentLogger } from '../../platform/log.ts';
import type { Fault } from '../../testing/openai/faults.ts';
import { createScriptedMind, type Thought, type ThinkRequest } from '../../testing/openai/mind.ts';
import { type OpenAiServer, startOpenAiServer } from '../../testing/openai/server.ts';
import type { SessionRecord } from '../../testing/openai/wire.ts';
import { captureLog } from '../../testing/yandex/captured-log.ts';
import { CountingClock } from '../../testing/yandex/counting-clock.ts';
import { createOpenAi, type OpenAiLimits } from './index.ts';
import { Caller, eventually } from '../../testing/openai/caller.ts';

let server: OpenAiServer;
/** What the model answers; a test may say. */
let thinks: ((request: ThinkRequest) => Thought) | undefined;
let thought: ThinkRequest[] = [];

before(async () => {
  const mind = createScriptedMind({
    msPerCharacter: 10,
    thinks(request) {
      thought.push(request);
      return thinks?.(request) ?? { text: 'Well, tell me more about your day.' };
    },
  });
  server = await startOpenAiServer({ mind });
});
beforeEach(() => {
  thinks = undefined;
  thought = [];
});
after(() => server.close());

function engineOf(limits: Partial<OpenAiLimits> = {}, log = createSilentLogger(), clock = new CountingClock()) {
  return createOpenAi({ apiKey: server.apiKey, baseUrl: server.baseUrl, limits, log, clock });
}

function lastSession(): SessionRecord {
  const session = server.sessions.at(-1);
  assert.ok(session);
  return session;
}

function received(session: SessionRecord, type: string) {
  return session.received.filter((event) => event.type === type);
}

describe('a conversation', () => {
  test('asks for PCM at 24 kHz, the chosen turn detection, transcripts and tools', async () => {
    const openai = createOpenAi({
      apiKey: server.apiKey,
      baseUrl: server.baseUrl,
      turnDetection: 'server',
      models: { realtime: 'model-a', realtimeTranscription: 'model-b' },
      voice: 'cedar',
      log: createSilentLogger(),
    });
    const caller = new Caller(openai.speechToSpeech, { instructions: 'Talk of trains.', language: 'ru' });
    caller.session.greet();
    await caller.reader.until('answer_finished');
    caller.leave();
    openai.close();
    const [update] = received(lastSession(), 'session.update');
    const session = update?.session as Record<string, never> & { instructions: string; tools: { name: string }[] };
    assert.match(session.instructions, /Russian[\s\S]*Talk of trains\./);
    assert.deepEqual(
      session.tools.map(({ name }) => name),
      ['end_call', 'set_pace'],
    );
    assert.deepEqual(session['audio'], {
      input: {
        format: { type: 'audio/pcm', rate: 24_000 },
        transcription: { model: 'model-b', language: 'ru' },
        turn_detection: {
          type: 'server_vad',
          silence_duration_ms: 600,
          create_response: true,
          interrupt_response: false,
        },
      },
      output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'cedar', speed: 1 },
    });
    assert.equal(lastSession().settings['model'], 'model-a');
  });

  test('has the transcripts of both sides, partial and final, and what it cost', async () => {
    const openai = engineOf();
    const caller = new Caller(openai.speechToSpeech);
    caller.say();
    await caller.reader.until('answer_finished');
    const { seen } = caller.reader;
    const heard = seen.flatMap((event) => (event.type === 'heard' ? [event] : []));
    assert.deepEqual(heard.at(-1), { type: 'heard', text: 'good morning', final: true });
    assert.deepEqual(heard.at(0), { type: 'heard', text: 'good', final: false });
    const text = seen.map((event) => (event.type === 'text' ? event.delta : '')).join('');
    assert.equal(text, 'Well, tell me more about your day.');
    const usage = seen.findLast((event) => event.type === 'usage');
    assert.ok(usage?.type === 'usage');
    assert.ok(usage.usage.outputTokens > (usage.usage.outputAudioTokens ?? 0));
    assert.ok((usage.usage.outputAudioTokens ?? 0) > 0);
    const written = seen.flatMap((event) => (event.type === 'transcribed' ? [event.audioMs] : []));
    assert.ok(written.length === 1 && (written[0] ?? 0) >= 1_500, written.join());
    caller.leave();
    openai.close();
  });

  test('is cut at the milliseconds that were really played, once, and cancelled while it is made', async () => {
    const openai = engineOf();
    const caller = new Caller(openai.speechToSpeech);
    caller.session.greet();
    const { answerId } = await caller.reader.until('audio');
    caller.session.interrupt(answerId, 37.9);
    caller.session.interrupt(answerId, 80);
    await eventually(() => received(lastSession(), 'conversation.item.truncate').length > 0);
    const { seen } = caller.reader;
    caller.say();
    while ((await caller.reader.until('answer_finished')).answerId === answerId) continue;
    const audio = seen.filter((event) => event.type === 'audio' && event.answerId === answerId);
    assert.equal(audio.length, 1);
    const [truncation, ...more] = received(lastSession(), 'conversation.item.truncate');
    assert.equal(truncation?.audio_end_ms, 37);
    assert.equal(more.length, 0);
    assert.equal(received(lastSession(), 'response.cancel').length, 1);
    // The model has forgotten what was not heard.
    const kept = thought.at(-1)?.messages.find(({ role }) => role === 'assistant')?.text ?? '';
    assert.ok('Well, tell me more about your day.'.startsWith(kept) && kept.length < 20, kept);
    caller.leave();
    openai.close();
  });

  test('is cut also when all of it has come, and not when all of it was played', async () => {
    const openai = engineOf();
    const caller = new Caller(openai.speechToSpeech);
    for (const playedMs of [120, 10_000]) {
      caller.session.greet();
      const { answerId } = await caller.reader.until('answer_finished');
      caller.session.interrupt(answerId, playedMs);
    }
    caller.session.greet('away');
    await caller.reader.until('answer_finished');
    const cuts = received(lastSession(), 'conversation.item.truncate');
    assert.deepEqual(
      cuts.map((event) => event.audio_end_ms),
      [120],
    );
    assert.equal(received(lastSession(), 'response.cancel').length, 0);
    assert.ok(!caller.reader.seen.some((event) => event.type === 'error'));
    caller.leave();
    openai.close();
  });

  test('is asked again when it has said nothing, and has failed when it never speaks', async () => {
    thinks = () => ({ text: thought.length === 1 ? '' : 'Pardon?' });
    const openai = engineOf();
    const caller = new Caller(openai.speechToSpeech);
    caller.say();
    await caller.reader.until('answer_finished');
    assert.equal(thought.length, 2);
    thinks = () => ({ text: '', calls: [{ name: 'set_pace', arguments: '{"rate":0.9}' }] });
    caller.say();
    const { error } = await caller.reader.until('error');
    assert.deepEqual([error.code, error.retryable, thought.length], ['engine_failed', true, 5]);
    openai.close();
    caller.leave();
  });

  test('ends by the tutor, who is asked for a goodbye when there was none; its pace is set', async () => {
    thinks = ({ messages }) => {
      if (messages.at(-1)?.role === 'tool') return { text: 'Goodbye then.' };
      return {
        text: '',
        calls: [
          { name: 'set_pace', arguments: '{"rate":0.7}' },
          { name: 'no_such_tool', arguments: '{' },
          { name: 'end_call', arguments: '{}' },
        ],
      };
    };
    const openai = engineOf();
    const caller = new Caller(openai.speechToSpeech);
    caller.say();
    await caller.reader.until('end_call');
    const types = caller.reader.seen.map(({ type }) => type);
    assert.ok(types.indexOf('end_call') > types.indexOf('answer_finished'));
    assert.equal(types.filter((type) => type === 'answer_started').length, 1);
    const results = received(lastSession(), 'conversation.item.create').map(
      ({ item }) => (item as { readonly output: string }).output,
    );
    assert.deepEqual(
      results.map((output) => (JSON.parse(output) as { readonly ok: boolean }).ok),
      [true, false, true],
    );
    const { output } = lastSession().settings['audio'] as { readonly output: { readonly speed: number } };
    assert.equal(output.speed, 0.7);
    caller.leave();
    openai.close();
  });

  test('ends by a tutor who will not say goodbye, too', async () => {
    thinks = () => ({ text: '', calls: [{ name: 'end_call', arguments: '{}' }] });
    const openai = engineOf();
    const caller = new Caller(openai.speechToSpeech);
    caller.say();
    await caller.reader.until('end_call');
    assert.equal(thought.length, 2);
    assert.ok(!caller.reader.seen.some(({ type }) => type === 'error'));
    caller.leave();
    openai.close();
  });

  for (const silentConflicts of [false, true]) {
    test(`owes one answer to who speaks into another${silentConflicts ? ', of which the vendor says nothing' : ''}`, async () => {
      const long = { text: 'A long story. '.repeat(200) };
      const short = { text: 'I see.' };
      const mind = createScriptedMind({
        msPerCharacter: 10,
        thinks: ({ messages }) => (messages.length === 0 ? long : short),
      });
      const slow = await startOpenAiServer({ mind, pace: 14, silentConflicts });
      const openai = createOpenAi({ apiKey: slow.apiKey, baseUrl: slow.baseUrl, log: createSilentLogger() });
      const caller = new Caller(openai.speechToSpeech);
      caller.session.greet();
      await caller.reader.until('audio');
      caller.say();
      await caller.reader.until('speech_stopped');
      const first = await caller.reader.until('answer_finished');
      const second = await caller.reader.until('answer_finished');
      assert.notEqual(first.answerId, second.answerId);
      assert.ok(slow.sessions[0]);
      assert.equal(received(slow.sessions[0], 'response.create').length, 2, 'the greeting, and what was owed');
      caller.leave();
      openai.close();
      await slow.close();
    });
  }
});

describe('a failure', () => {
  const limits = { openMs: 300, firstResultMs: 300, stallMs: 300 };
  const early: readonly (readonly [Fault, string, boolean])[] = [
    ['bad_key', 'engine_rejected', false],
    ['forbidden', 'engine_rejected', false],
    ['quota', 'engine_quota_exceeded', true],
    ['rate_limit', 'engine_unavailable', true],
    ['server_error', 'engine_unavailable', true],
    ['hang', 'engine_timed_out', true],
  ];
  const late: readonly (readonly [Fault, string, boolean])[] = [
    ['reset', 'engine_failed', true],
    ['stall', 'engine_timed_out', true],
    ['garbage', 'engine_failed', true],
    ['error_event', 'engine_unavailable', true],
  ];
  for (const [fault, code, retryable] of [...early, ...late]) {
    test(`is told as what it is: ${fault}`, async () => {
      const clock = new CountingClock();
      const openai = engineOf(fault === 'hang' || fault === 'stall' ? limits : {}, createSilentLogger(), clock);
      server.failNext(fault);
      const caller = new Caller(openai.speechToSpeech);
      caller.session.greet();
      const { error } = await caller.reader.until('error');
      assert.deepEqual([error.code, error.retryable], [code, retryable]);
      assert.equal(await caller.reader.next(), undefined);
      caller.leave();
      openai.close();
      await eventually(() => clock.pending === 0);
    });
  }

  test('is also that nobody is there', async () => {
    const openai = createOpenAi({ apiKey: 'x', baseUrl: 'http://127.0.0.1:1/v1', log: createSilentLogger() });
    const caller = new Caller(openai.speechToSpeech);
    const { error } = await caller.reader.until('error');
    assert.deepEqual([error.code, error.retryable], ['engine_unavailable', true]);
    caller.leave();
    openai.close();
  });

  test('is not that the learner is silent', async () => {
    const openai = engineOf({ firstResultMs: 60, stallMs: 60 });
    const caller = new Caller(openai.speechToSpeech);
    await eventually(() => (server.sessions.at(-1)?.audioMs ?? 0) > 3_000);
    caller.session.greet();
    await caller.reader.until('answer_finished');
    caller.leave();
    openai.close();
  });

  test('never puts the key or what was said into the log', async () => {
    const { log, lines } = captureLog();
    const openai = engineOf({}, log);
    server.failNext('error_event');
    const caller = new Caller(openai.speechToSpeech, { history: [{ speaker: 'learner', text: 'I live in Tula.' }] });
    caller.say();
    await caller.reader.until('error');
    caller.leave();
    openai.close();
    assert.ok(lines.length > 0);
    for (const line of lines) assert.ok(!/sk-local|Tula|good morning|tell me more/.test(line), line);
  });
});

describe('many at once', () => {
  test('thirty callers are each heard and answered, and nothing is left of them', async () => {
    const clock = new CountingClock();
    const openai = engineOf({}, createSilentLogger(), clock);
    const from = server.sessions.length;
    const callers = Array.from({ length: 30 }, () => new Caller(openai.speechToSpeech, {}, 10));
    await Promise.all(
      callers.map(async (caller) => {
        caller.session.greet();
        await caller.reader.until('answer_finished');
        caller.say();
        await caller.reader.until('speech_stopped');
        await caller.reader.until('answer_finished');
      }),
    );
    const ids = callers.flatMap(({ reader }) =>
      reader.seen.flatMap((event) => (event.type === 'answer_started' ? [event.answerId] : [])),
    );
    assert.equal(new Set(ids).size, 60);
    for (const caller of callers.slice(1)) caller.leave();
    // The last one is ended by the engine itself.
    openai.close();
    openai.close();
    const [last] = callers;
    assert.equal((await last?.reader.until('error'))?.error.code, 'engine_unavailable');
    last?.leave();
    await eventually(async () => (await server.connections()) === 0);
    assert.ok(server.sessions.slice(from).every(({ closed }) => closed));
    await eventually(() => clock.pending === 0);
  });
});
