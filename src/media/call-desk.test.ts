import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../platform/clock.ts';
import { createSilentLogger } from '../platform/log.ts';
import { handOutBadges } from '../testing/staff.ts';
import { insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createCallDesk, type EndRequest } from './call-desk.ts';
import { watchEndRequests } from './end-requests.ts';
import { MediaNodes } from './media-nodes.ts';

const NODE = 'node-1';

async function setUp(t: TestContext) {
  const { knex } = await createTestDatabase(t);
  const nodes = new MediaNodes(knex);
  await nodes.register({ id: NODE, url: 'http://127.0.0.1:1', publicPath: '/rtc/node-1', capacity: 10 });
  const endedHere: [string, EndRequest][] = [];
  const desk = createCallDesk({
    knex,
    nodes,
    endHere: async (callId, reason) => {
      endedHere.push([callId, reason]);
    },
  });
  const { userId: actorId } = await handOutBadges(knex).hire('admin');
  const userId = await insertLearner(knex);
  const insertCall = async (status: 'placed' | 'live', nodeId = NODE): Promise<string> => {
    const [row] = await knex('calls')
      .insert({
        user_account_id: userId,
        node_id: nodeId,
        language: 'en',
        level: 'beginner',
        status,
        ...(status === 'live' && { live_at: new Date() }),
      })
      .returning('id');
    return row.id;
  };
  return { knex, nodes, desk, endedHere, insertCall, userId, order: { actorId, ip: '192.0.2.1', reason: 'a test' } };
}

describe('ending a call from outside', () => {
  it('asks the node that carries it, which ends it', async (t) => {
    const { knex, desk, endedHere, insertCall, order } = await setUp(t);
    const callId = await insertCall('live');
    const { promise: ended, resolve } = Promise.withResolvers<[string, EndRequest]>();
    const watch = watchEndRequests({
      knex,
      nodeId: NODE,
      clock: systemClock,
      log: createSilentLogger(),
      end: async (id, reason) => {
        await knex('calls').where({ id }).update({ status: 'ended', ended_at: new Date(), end_reason: reason });
        resolve([id, reason]);
      },
    });
    t.after(() => watch.close());
    await desk.end(callId, order);
    await desk.end(callId, order);
    assert.deepEqual(await ended, [callId, 'ended_by_staff']);
    await desk.end(callId, order);
    assert.deepEqual(endedHere, []);
    const written = await knex('audit_log').where({ action: 'call.end', subject_id: callId });
    assert.equal(written.length, 1);
  });

  it('writes the end itself where nobody carries the call', async (t) => {
    const { desk, endedHere, insertCall, order } = await setUp(t);
    const [placed, lost] = [await insertCall('placed'), await insertCall('live', 'a-node-that-is-gone')];
    await desk.end(placed, order);
    await desk.end(lost, order);
    assert.deepEqual(endedHere, [
      [placed, 'ended_by_staff'],
      [lost, 'ended_by_staff'],
    ]);
    await assert.rejects(desk.end(crypto.randomUUID(), order), { code: 'call_not_found' });
    await assert.rejects(desk.end('none', order), { code: 'call_not_found' });
  });

  it('asks for the end of all of a user’s calls', async (t) => {
    const { knex, desk, insertCall, userId } = await setUp(t);
    const callId = await insertCall('live');
    await knex.transaction((transaction) => desk.endAllOf(transaction, userId, 'signed_out'));
    const row = await knex('calls').where('id', callId).first('end_requested');
    assert.equal(row.end_requested, 'signed_out');
  });
});

describe('draining a node from outside', () => {
  it('places nothing there any more, until it is taken back; both are written down once', async (t) => {
    const { knex, nodes, order } = await setUp(t);
    await nodes.orderDraining(NODE, true, order);
    await nodes.orderDraining(NODE, true, order);
    assert.equal(await nodes.findRoom(), undefined);
    await nodes.orderDraining(NODE, false, order);
    assert.equal((await nodes.findRoom())?.id, NODE);
    await assert.rejects(nodes.orderDraining('nobody', true, order), { code: 'media_node_not_found' });
    const written = await knex('audit_log').where('subject_type', 'media_node').orderBy('id').pluck('action');
    assert.deepEqual(written, ['media_node.drain', 'media_node.resume']);
  });
});
