import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openBooks } from '../testing/books.ts';
import { insertCall } from '../testing/stored-learners.ts';

/** SQL for a moment so many seconds ago. */
function backdate(seconds: number): string {
  return `clock_timestamp() - interval '${seconds} seconds'`;
}

describe('the sweep', () => {
  it('ends calls that nobody joined, for nothing', async (t) => {
    const { knex, billing, learnerWith, place, wallet } = await openBooks(t);
    const userId = await learnerWith(6000);
    const forgotten = await place(userId);
    const fresh = await place(userId);
    await knex('calls')
      .where('id', forgotten)
      .update({ last_beat_at: knex.raw(backdate(121)) });
    await knex('calls')
      .where('id', fresh)
      .update({ last_beat_at: knex.raw(backdate(110)) });
    assert.deepEqual(await billing.sweep(), { neverConnected: 1, nodeLost: 0, finalized: 1, failed: 0 });
    assert.equal((await knex('calls').where('id', forgotten).first('end_reason')).end_reason, 'never_connected');
    assert.deepEqual(await wallet(userId), [60, 2]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('ends the calls of a lost node at their last beat, and charges no more than was talked by then', async (t) => {
    const { knex, billing, learnerWith, goLive, wallet } = await openBooks(t);
    const userId = await learnerWith(6000);
    const lost = await goLive(userId);
    const alive = await goLive(userId);
    await billing.meter.beat(lost, 119_000);
    await billing.meter.beat(alive, 119_000);
    await knex('calls')
      .where('id', lost)
      .update({ last_beat_at: knex.raw(backdate(46)) });
    await knex('calls')
      .where('id', alive)
      .update({ last_beat_at: knex.raw(backdate(40)) });
    assert.deepEqual(await billing.sweep(), { neverConnected: 0, nodeLost: 1, finalized: 1, failed: 0 });
    const call = await knex('calls').where('id', lost).first();
    assert.equal(call.end_reason, 'node_lost');
    assert.deepEqual(call.ended_at, call.last_beat_at);
    const session = await knex('usage_sessions').where('call_id', lost).first();
    assert.deepEqual(session.created_at, call.last_beat_at);
    assert.equal(session.duration_sec, 119);
    assert.deepEqual(await wallet(userId), [58, 3]);
    await assert.rejects(billing.meter.beat(lost, 150_000), { code: 'call_ended' });
    assert.ok(await billing.meter.beat(alive, 120_000));
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('charges what ended and was not charged, several sweeps at once', async (t) => {
    const { billing, learnerWith, goLive } = await openBooks(t);
    for (let n = 0; n < 5; n += 1) {
      const callId = await goLive(await learnerWith(6000));
      await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 30_000 });
    }
    const reports = await Promise.all([billing.sweep(), billing.sweep(), billing.sweep()]);
    assert.equal(
      reports.reduce((sum, { failed }) => sum + failed, 0),
      0,
    );
    assert.deepEqual(await billing.checkInvariants(), []);
    assert.equal((await billing.sweep()).finalized, 0);
  });

  it('goes on past a call that cannot be charged', async (t) => {
    const { knex, billing, learnerWith, goLive } = await openBooks(t);
    const broken = await insertCall(knex, await learnerWith(0));
    await billing.meter.end(broken, { reason: 'never_connected', talkedMs: 0 });
    const good = await goLive(await learnerWith(6000));
    await billing.meter.end(good, { reason: 'hang_up', talkedMs: 30_000 });
    const report = await billing.sweep();
    assert.equal(report.failed, 1);
    assert.equal(report.finalized, 1);
  });
});
