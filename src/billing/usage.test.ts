import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../testing/properties.ts';
import { connectDatabase } from '../platform/database.ts';
import { createSilentLogger } from '../platform/log.ts';
import { openBooks } from '../testing/books.ts';
import { createBilling } from './billing.ts';

describe('the end of a call', () => {
  for (const [talkedMs, billed] of [
    [0, 1],
    [400, 1],
    [60_000, 1],
    [60_004, 1],
    [60_999, 1],
    [61_000, 2],
    [120_999, 2],
    [121_000, 3],
    [3_540_000, 59],
  ] as const) {
    it(`after ${talkedMs} ms of talk charges ${billed}`, async (t) => {
      const { billing, learnerWith, goLive, wallet } = await openBooks(t);
      const userId = await learnerWith(6000);
      const callId = await goLive(userId);
      await billing.meter.beat(callId, talkedMs);
      await billing.meter.end(callId, { reason: 'hang_up', talkedMs });
      const charge = await billing.finalizeCall(callId);
      assert.deepEqual(charge, {
        callId,
        durationSec: Math.floor(talkedMs / 1000),
        billedMinutes: billed,
        amount: billed * 500,
      });
      assert.deepEqual(await wallet(userId), [60 - billed, 0]);
      assert.deepEqual(await billing.checkInvariants(), []);
    });
  }

  it('charges each started minute once, at least one, and never more than is held', async (t) => {
    const { knex, billing, learnerWith, goLive } = await openBooks(t);
    const userId = await learnerWith(10_000_000);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40_000_000 }),
        fc.integer({ min: 0, max: 3_600_000 }),
        async (talked, unsaid) => {
          const callId = await goLive(userId);
          const { heldMs } = await billing.meter.beat(callId, talked);
          await billing.meter.end(callId, { reason: 'hang_up', talkedMs: talked + unsaid });
          const charge = await billing.finalizeCall(callId);
          const seconds = Math.floor((talked + unsaid) / 1000);
          const minutes = Math.min(Math.max(1, Math.ceil(seconds / 60)), heldMs / 60_000);
          assert.deepEqual(charge, { callId, durationSec: seconds, billedMinutes: minutes, amount: minutes * 500 });
        },
      ),
      { numRuns: 60 },
    );
    assert.equal((await knex('usage_sessions').where('user_account_id', userId)).length, 60);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('never charges more than was held, however long the talk', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await openBooks(t);
    const userId = await learnerWith(250);
    const callId = await goLive(userId);
    await billing.meter.beat(callId, 119_000);
    await billing.meter.end(callId, { reason: 'no_minutes', talkedMs: 999_000 });
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 2);
    assert.deepEqual(await wallet(userId), [0.5, 0]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('costs nothing when the media never connected', async (t) => {
    const { knex, billing, learnerWith, place, wallet } = await openBooks(t);
    const userId = await learnerWith(6000);
    const callId = await place(userId);
    await billing.meter.end(callId, { reason: 'never_connected', talkedMs: 0 });
    assert.equal(await billing.finalizeCall(callId), undefined);
    assert.equal(await billing.finalizeCall(callId), undefined);
    assert.deepEqual(await wallet(userId), [60, 0]);
    assert.equal((await knex('usage_sessions')).length, 0);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('is the first that was told', async (t) => {
    const { knex, billing, learnerWith, goLive } = await openBooks(t);
    const callId = await goLive(await learnerWith(6000));
    await Promise.all([1, 2, 3].map(() => billing.meter.end(callId, { reason: 'hang_up', talkedMs: 5000 })));
    await billing.meter.end(callId, { reason: 'idle', talkedMs: 500_000 });
    const call = await knex('calls').where('id', callId).first('end_reason', 'talked_ms');
    assert.deepEqual(call, { end_reason: 'hang_up', talked_ms: 5000 });
  });

  it('is refused a charge while the call goes on', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await openBooks(t);
    const userId = await learnerWith(6000);
    await assert.rejects(billing.finalizeCall(await goLive(userId)), { code: 'call_not_ended' });
    assert.deepEqual(await wallet(userId), [60, 2]);
  });

  it('is charged once, from however many connections', async (t) => {
    const { database, knex, billing, learnerWith, goLive, wallet } = await openBooks(t);
    const userId = await learnerWith(6000);
    const callId = await goLive(userId);
    await billing.meter.beat(callId, 150_000);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 150_000 });
    const others = [1, 2, 3].map(() => {
      const other = connectDatabase({ url: database.url, poolSize: 3, applicationName: 'ailingva test' });
      t.after(() => other.close());
      return createBilling({ knex: other.knex, log: createSilentLogger() });
    });
    const charges = await Promise.all([...others, ...others, ...others].map((other) => other.finalizeCall(callId)));
    for (const charge of charges) assert.equal(charge?.billedMinutes, 3);
    assert.equal((await knex('usage_sessions')).length, 1);
    assert.deepEqual(await wallet(userId), [57, 0]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('is charged at the price of its beginning', async (t) => {
    const { knex, billing, learnerWith, goLive } = await openBooks(t);
    const callId = await goLive(await learnerWith(6000));
    await knex('settings').insert({ key: 'billing.rate_kopecks_per_minute', value: JSON.stringify(900) });
    const dearer = await goLive(await learnerWith(6000));
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 70_000 });
    await billing.meter.end(dearer, { reason: 'hang_up', talkedMs: 70_000 });
    assert.equal((await billing.finalizeCall(callId))?.amount, 1000);
    assert.equal((await billing.finalizeCall(dearer))?.amount, 1800);
    const session = await knex('usage_sessions').where('call_id', callId).first();
    assert.equal(session.billed_amount_rub, '10.00');
    assert.deepEqual(session.tariff_snapshot, { rate_kopecks_per_minute: 500 });
  });

  it('spends free minutes first, then the oldest that were bought', async (t) => {
    const { knex, billing, learnerWith, give, goLive } = await openBooks(t);
    const userId = await learnerWith(0);
    for (const [type, hundredths, price] of [
      ['deposit', 200, 1000],
      ['deposit', 500, 2000],
      ['gift', 150, 0],
    ] as const) {
      await give({ userId, type, hundredths, price, idempotencyKey: `${type}:${hundredths}` });
    }
    const callId = await goLive(userId);
    await billing.meter.beat(callId, 230_000);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 230_000 });
    await billing.finalizeCall(callId);
    const spent = await knex('wallet_lot_allocations as a')
      .join('wallet_lots as l', 'l.id', 'a.wallet_lot_id')
      .orderBy('l.created_at')
      .select('l.kind', 'a.minutes', 'a.amount_kopecks');
    assert.deepEqual(
      spent.map(({ kind, minutes, amount_kopecks }) => [kind, minutes, amount_kopecks]),
      [
        ['paid', '2.00', 1000],
        ['paid', '0.50', 200],
        ['free', '1.50', 0],
      ],
    );
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('begins the charge by itself where nobody else is told', async (t) => {
    const { knex, learnerWith, goLive, wallet } = await openBooks(t);
    const billing = createBilling({ knex, log: createSilentLogger() });
    const userId = await learnerWith(6000);
    const callId = await goLive(userId);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
    await billing.close();
    assert.deepEqual(await wallet(userId), [58, 0]);
    assert.equal((await billing.charges([callId])).get(callId)?.billedMinutes, 2);
  });
});
