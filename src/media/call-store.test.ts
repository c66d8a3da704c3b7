import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { insertCall, insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { readCallCosts } from './call-costs.ts';
import { createCallStore } from './call-store.ts';
import type { TurnRecord } from './call/ports.ts';

const NOBODY = '01890a5d-ac96-774b-bcce-b302099a8057';

async function setUp(t: TestContext) {
  const { knex } = await createTestDatabase(t);
  const userId = await insertLearner(knex);
  const callId = await insertCall(knex, userId, 'media-7');
  return { knex, userId, callId, store: createCallStore({ knex, nodeId: 'media-7' }) };
}

const learnerTurn: TurnRecord = {
  ordinal: 1,
  speaker: 'learner',
  text: 'the cat sat',
  heardText: 'the cat sat',
  interrupted: false,
  words: [
    { text: 'the', mark: 'right' },
    { text: 'hat', mark: 'wrong', heard: 'cat' },
  ],
  engines: { stt: 'local' },
  startedAtMs: 1200,
  durationMs: 900,
  stages: { endpoint: 420, final_transcript: 510 },
};

const tutorTurn: TurnRecord = {
  ordinal: 0,
  speaker: 'tutor',
  text: 'Hello! Say: the cat sat.',
  heardText: 'Hello!',
  interrupted: true,
  words: undefined,
  engines: { tutor: 'drill', tts: 'espeak' },
  startedAtMs: 0,
  durationMs: 800,
  stages: {},
};

describe('call store', () => {
  it('gives a call to its own user only', async (t) => {
    const { knex, store, userId, callId } = await setUp(t);
    assert.deepEqual(await store.load(callId, userId), {
      id: callId,
      userId,
      nodeId: 'media-7',
      status: 'placed',
      language: 'en',
      level: 'beginner',
      talkedMs: 0,
      tutorMemory: undefined,
    });
    const stranger = await insertLearner(knex);
    for (const [call, user] of [
      [callId, stranger],
      [NOBODY, userId],
      ['', userId],
      ["'; DROP TABLE calls; --", userId],
      [callId, 'nobody'],
    ] as const) {
      await assert.rejects(store.load(call, user), { code: 'call_not_found', kind: 'not_found' });
    }
  });

  it('marks a call live once, and not after its end', async (t) => {
    const { knex, store, userId, callId } = await setUp(t);
    await store.markLive(callId);
    const first = await knex('calls').where('id', callId).first('live_at');
    await store.markLive(callId);
    assert.deepEqual(await knex('calls').where('id', callId).first('live_at'), first);
    assert.equal((await store.load(callId, userId)).status, 'live');
    await knex('calls').where('id', callId).update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
    await assert.rejects(store.markLive(callId), { code: 'call_ended' });
    await assert.rejects(store.markLive(NOBODY), { code: 'call_not_found' });
  });

  it('keeps turns, replaces them by their ordinal, and gives them back in order', async (t) => {
    const { store, callId } = await setUp(t);
    await store.saveTurn(callId, { ...learnerTurn, text: 'the cat', words: undefined });
    await store.saveTurn(callId, tutorTurn);
    await store.saveTurn(callId, learnerTurn);
    assert.deepEqual(await store.turns(callId), [tutorTurn, learnerTurn]);
  });

  it('keeps a turn with the one character that PostgreSQL does not take, and with broken milliseconds', async (t) => {
    const { store, callId } = await setUp(t);
    await store.saveTurn(callId, { ...tutorTurn, text: 'a\u0000b', startedAtMs: 10.4, durationMs: 20.6 });
    const [turn] = await store.turns(callId);
    assert.equal(turn?.text, 'ab');
    assert.equal(turn?.startedAtMs, 10);
    assert.equal(turn?.durationMs, 21);
  });

  it('refuses the writes of a node that has lost the call to another', async (t) => {
    const { knex, store, userId, callId } = await setUp(t);
    await store.saveTurn(callId, tutorTurn);
    await store.saveTutorMemory(callId, { lesson: 1 });
    await knex('calls').where('id', callId).update({ node_id: 'media-8' });
    const late = { code: 'call_on_other_node' };
    await assert.rejects(store.markLive(callId), late);
    await assert.rejects(store.saveTurn(callId, { ...tutorTurn, heardText: 'too late' }), late);
    await assert.rejects(store.saveTurn(callId, learnerTurn), late);
    await assert.rejects(store.saveTutorMemory(callId, { lesson: 2 }), late);
    await assert.rejects(store.saveEngines(callId, { used: { stt: ['yandex'] }, changes: [] }), late);
    assert.deepEqual(await store.turns(callId), [tutorTurn]);
    const call = await store.load(callId, userId);
    assert.deepEqual([call.status, call.tutorMemory], ['placed', { lesson: 1 }]);
    const other = createCallStore({ knex, nodeId: 'media-8' });
    await other.markLive(callId);
    await other.saveTurn(callId, learnerTurn);
    assert.equal((await other.turns(callId)).length, 2);
  });

  it('keeps what a turn cost by engine, and its sums', async (t) => {
    const { knex, store, callId } = await setUp(t);
    await store.saveTurn(callId, {
      ...tutorTurn,
      usage: [
        { kind: 'tts', engine: 'yandex', characters: 40, audioOutMs: 2_000, costMicroRub: 21_000 },
        { kind: 'tts', engine: 'yandex', characters: 10, audioOutMs: 500, costMicroRub: 5_000 },
        { kind: 'tutor', engine: 'openai', tokens: { inputTokens: 900, outputTokens: 30 }, costMicroRub: 400 },
        { kind: 'stt', engine: 'local', audioInMs: 3_000, costMicroRub: 0 },
      ],
    });
    const row = await knex('call_turns').where('call_id', callId).first();
    assert.deepEqual(row.usage_lines, [
      { kind: 'tts', engine: 'yandex', characters: 50, audio_out_ms: 2_500, cost_micro_rub: 26_000 },
      { kind: 'tutor', engine: 'openai', input_tokens: 900, output_tokens: 30, cost_micro_rub: 400 },
      { kind: 'stt', engine: 'local', audio_in_ms: 3_000, cost_micro_rub: 0 },
    ]);
    const sums = [row.usage_audio_in_ms, row.usage_audio_out_ms, row.usage_characters, row.usage_input_tokens];
    assert.deepEqual(
      [...sums, row.usage_output_tokens, row.cost_micro_rub].map(Number),
      [3_000, 2_500, 50, 900, 30, 26_400],
    );
    // A turn that is written again by whoever counts nothing keeps what was counted.
    await store.saveTurn(callId, tutorTurn);
    assert.equal(Number((await knex('call_turns').where('call_id', callId).first()).cost_micro_rub), 26_400);
    const { cost_rub: costRub, costs } = await readCallCosts(knex, callId);
    assert.equal(costRub, 0.03);
    assert.deepEqual(
      costs.map(({ engine, kind, cost_rub: cost }) => [engine, kind, cost]),
      [
        ['yandex', 'tts', 0.03],
        ['openai', 'tutor', 0],
        ['local', 'stt', 0],
      ],
    );
    assert.deepEqual([costs[0]?.characters, costs[0]?.audio_out_seconds, costs[1]?.input_tokens], [50, 2.5, 900]);
  });

  it('writes which engines served, and keeps which was asked for', async (t) => {
    const { knex, store, userId, callId } = await setUp(t);
    await knex('calls')
      .where('id', callId)
      .update({ engines: { asked: 'yandex' } });
    assert.equal((await store.load(callId, userId)).askedEngine, 'yandex');
    const change = { kind: 'stt', from: 'yandex', to: 'local', code: 'engine_timed_out', talkedMs: 900 } as const;
    await store.saveEngines(callId, { used: { stt: ['yandex'] }, changes: [] });
    await store.saveEngines(callId, { used: { stt: ['yandex', 'local'] }, changes: [change] });
    const { engines } = await knex('calls').where('id', callId).first();
    assert.deepEqual(engines, { asked: 'yandex', used: { stt: ['yandex', 'local'] }, changes: [change] });
  });

  it('keeps what the tutor remembers', async (t) => {
    const { store, userId, callId } = await setUp(t);
    await store.saveTutorMemory(callId, { lesson: 3, tries: [1, 2] });
    assert.deepEqual((await store.load(callId, userId)).tutorMemory, { lesson: 3, tries: [1, 2] });
  });
});
