import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openBooks } from '../testing/books.ts';

describe('a call that has moved to another node', () => {
  it('is neither kept alive nor ended by the node that it left', async (t) => {
    const { billing, knex, learnerWith, place } = await openBooks(t);
    const callId = await place(await learnerWith(600));
    await knex('calls').where({ id: callId }).update({ node_id: 'media-new' });

    const left = billing.meterOf('media-old');
    await assert.rejects(left.beat(callId, 10_000), { code: 'call_on_other_node' });
    await left.end(callId, { reason: 'connection_lost', talkedMs: 10_000 });
    assert.equal((await knex('calls').where({ id: callId }).first('status')).status, 'placed');

    const here = billing.meterOf('media-new');
    assert.equal((await here.beat(callId, 20_000)).heldMs, 120_000);
    await here.end(callId, { reason: 'hang_up', talkedMs: 20_000 });
    await assert.rejects(here.beat(callId, 21_000), { code: 'call_ended' });
    await billing.close();
    assert.deepEqual(await billing.checkInvariants(), []);
  });
});
