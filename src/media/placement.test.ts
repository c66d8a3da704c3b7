import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { AppError } from '../platform/errors.ts';
import { insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { MediaNodes } from './media-nodes.ts';
import { Placement, type CallOpening } from './placement.ts';

const asBilling: CallOpening = {
  async openCall(transaction, { userId }) {
    await transaction.raw('SELECT FROM user_profiles WHERE user_account_id = ? FOR NO KEY UPDATE', [userId]);
  },
};

async function setUp(t: TestContext, opening: CallOpening = asBilling) {
  const { knex } = await createTestDatabase(t);
  const nodes = new MediaNodes(knex);
  const enter = (id: string, capacity = 10) =>
    nodes.register({ id, url: 'http://127.0.0.1:1', publicPath: `/rtc/${id}/socket.io`, capacity });
  const userId = await insertLearner(knex);
  const placement = new Placement({ knex, nodes, opening });
  const place = () => placement.place({ userId, language: 'en', level: 'beginner' });
  return { knex, nodes, enter, userId, placement, place };
}

describe('placing a call', () => {
  it('writes the call with its node', async (t) => {
    const { knex, enter, userId, placement } = await setUp(t);
    await enter('one');
    const { callId, node } = await placement.place({ userId, language: 'ru', level: 'advanced' });
    assert.equal(node.publicPath, '/rtc/one/socket.io');
    const call = await knex('calls')
      .where('id', callId)
      .first('user_account_id', 'node_id', 'language', 'level', 'status');
    assert.deepEqual(
      { ...call },
      { user_account_id: userId, node_id: 'one', language: 'ru', level: 'advanced', status: 'placed' },
    );
  });

  it('is refused without a node that has room', async (t) => {
    const { nodes, enter, place } = await setUp(t);
    await assert.rejects(place(), { code: 'no_media_node', kind: 'unavailable', retryable: true });
    await enter('one');
    await nodes.drain('one');
    await assert.rejects(place(), { code: 'no_media_node' });
  });

  it('leaves nothing when billing refuses', async (t) => {
    const refusal = new AppError({ code: 'no_minutes', kind: 'payment_required', message: 'None left.' });
    const { knex, enter, place } = await setUp(t, { openCall: () => Promise.reject(refusal) });
    await enter('one');
    await assert.rejects(place(), refusal);
    assert.equal((await knex('calls')).length, 0);
  });

  it('allows two calls at a time, also when more are placed at once', async (t) => {
    const { knex, enter, place } = await setUp(t);
    await enter('one');
    const attempts = await Promise.allSettled([place(), place(), place(), place(), place()]);
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    assert.deepEqual(
      refused.map(({ reason }) => (reason as AppError).code),
      ['too_many_calls', 'too_many_calls', 'too_many_calls'],
    );
    assert.equal((await knex('calls')).length, 2);
    const [first] = await knex('calls').select('id');
    await knex('calls')
      .where('id', first.id)
      .update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
    await place();
    await knex('settings').insert({ key: 'calls.max_open_per_user', value: '3' });
    await place();
    await assert.rejects(place(), { code: 'too_many_calls' });
  });
});

describe('placing a call with a key', () => {
  it('again, or twice at once, answers the same call', async (t) => {
    const { knex, enter, userId, placement } = await setUp(t);
    await enter('one');
    const call = { userId, language: 'en', level: 'beginner', idempotencyKey: 'key-1' } as const;
    const placed = await Promise.all([placement.place(call), placement.place(call), placement.place(call)]);
    placed.push(await placement.place(call));
    assert.equal(new Set(placed.map(({ callId }) => callId)).size, 1);
    assert.equal((await knex('calls')).length, 1);
    const other = await placement.place({ ...call, userId: await insertLearner(knex) });
    assert.notEqual(other.callId, placed[0]?.callId);
    await knex('calls').update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
    await assert.rejects(placement.place(call), { code: 'call_ended' });
  });
});

describe('joining a call again', () => {
  it('is on its node while that lives, draining or not', async (t) => {
    const { knex, nodes, enter, userId, placement, place } = await setUp(t);
    await enter('one');
    const { callId } = await place();
    await knex('calls').where('id', callId).update({ status: 'live', live_at: knex.fn.now() });
    await enter('two', 100);
    await nodes.drain('one');
    assert.equal((await placement.replace(callId, userId)).node.id, 'one');
  });

  it('is moved from a draining node that it has not joined yet', async (t) => {
    const { nodes, enter, userId, placement, place } = await setUp(t);
    await enter('one');
    const { callId } = await place();
    await enter('two', 100);
    await nodes.drain('one');
    assert.equal((await placement.replace(callId, userId)).node.id, 'two');
  });

  it('moves to another node when its own is gone', async (t) => {
    const { knex, nodes, enter, userId, placement, place } = await setUp(t);
    await enter('one');
    const { callId } = await place();
    await nodes.leave('one');
    await assert.rejects(placement.replace(callId, userId), { code: 'no_media_node' });
    await enter('two');
    assert.equal((await placement.replace(callId, userId)).node.id, 'two');
    assert.equal((await knex('calls').where('id', callId).first('node_id')).node_id, 'two');
  });

  it('is refused to strangers, and after the end', async (t) => {
    const { knex, enter, userId, placement, place } = await setUp(t);
    await enter('one');
    const { callId } = await place();
    await assert.rejects(placement.replace(callId, await insertLearner(knex)), { code: 'call_not_found' });
    await assert.rejects(placement.replace('x', userId), { code: 'call_not_found' });
    await knex('calls').update({ status: 'ended', ended_at: knex.fn.now(), end_reason: 'hang_up' });
    await assert.rejects(placement.replace(callId, userId), { code: 'call_ended' });
  });
});
