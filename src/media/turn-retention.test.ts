import assert from 'node:assert/strict';
import { test } from 'node:test';
import { insertCall, insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { eraseTurnTexts } from './turn-retention.ts';

test('old words are blanked, once; their figures and the newer words stay', async (t) => {
  const { knex } = await createTestDatabase(t);
  const callId = await insertCall(knex, await insertLearner(knex));
  await knex('calls')
    .where({ id: callId })
    .update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up', tutor_memory: '{"lesson": 3}' });
  const turn = (ordinal: number, daysAgo: number) => ({
    call_id: callId,
    ordinal,
    speaker: 'learner',
    text: 'I live in Paris',
    heard_text: 'I live in Paris',
    interrupted: false,
    words: '[{"word": "Paris"}]',
    engines: '{"stt": "local"}',
    started_at_ms: 100,
    duration_ms: 900,
    stages: '{"reply": 812}',
    created_at: knex.raw(`now() - make_interval(days => ?)`, [daysAgo]),
  });
  // More than one batch.
  const old = Array.from({ length: 1_050 }, (_, ordinal) => turn(ordinal, 31));
  await knex.batchInsert('call_turns', [...old, turn(5_000, 29)], 500);

  const before = new Date(Date.now() - 30 * 24 * 3600 * 1000);
  assert.equal(await eraseTurnTexts(knex, before, AbortSignal.abort()), 0);
  assert.equal(await eraseTurnTexts(knex, before), 1_050);
  assert.equal(await eraseTurnTexts(knex, before), 0);

  const erased = await knex('call_turns').where({ call_id: callId, ordinal: 7 }).first();
  assert.deepEqual([erased.text, erased.heard_text, erased.words], ['', '', null]);
  assert.deepEqual([erased.stages, erased.duration_ms], [{ reply: 812 }, 900]);
  assert.ok(erased.erased_at instanceof Date);
  const kept = await knex('call_turns').where({ call_id: callId, ordinal: 5_000 }).first();
  assert.deepEqual([kept.text, kept.erased_at], ['I live in Paris', null]);
  const call = await knex('calls').where({ id: callId }).first();
  assert.equal(call.tutor_memory, null);
});
