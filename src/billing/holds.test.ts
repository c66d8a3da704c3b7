import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openBooks } from '../testing/books.ts';

describe('opening a call', () => {
  for (const [balance, held] of [
    [6000, 2],
    [200, 2],
    [199, 1],
    [100, 1],
  ] as const) {
    it(`with ${balance / 100} minutes holds ${held}`, async (t) => {
      const { billing, learnerWith, place, wallet } = await openBooks(t);
      const userId = await learnerWith(balance);
      await place(userId);
      assert.deepEqual(await wallet(userId), [balance / 100, held]);
      assert.deepEqual(await billing.checkInvariants(), []);
    });
  }

  for (const balance of [0, 99]) {
    it(`with ${balance / 100} minutes is refused and leaves nothing behind`, async (t) => {
      const { billing, knex, learnerWith, place } = await openBooks(t);
      const userId = await learnerWith(balance);
      await assert.rejects(place(userId), { code: 'no_minutes', kind: 'payment_required' });
      assert.equal((await knex('calls')).length, 0);
      assert.deepEqual(await billing.checkInvariants(), []);
    });
  }

  it('many times at once never holds more than there is', async (t) => {
    const { billing, learnerWith, place, wallet } = await openBooks(t);
    const userId = await learnerWith(550);
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => place(userId)));
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 3);
    assert.deepEqual(await wallet(userId), [5.5, 5]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });
});

describe('a beat', () => {
  it('keeps the hold a minute ahead of the talk', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await openBooks(t);
    const userId = await learnerWith(6000);
    const callId = await goLive(userId);
    for (const [talkedMs, heldMinutes] of [
      [0, 2],
      [59_999, 2],
      [60_000, 3],
      [60_004, 3],
      [180_000, 5],
      [100_000, 5],
    ] as const) {
      const reading = await billing.meter.beat(callId, talkedMs);
      assert.deepEqual(reading, { heldMs: heldMinutes * 60_000, coveredMs: 60 * 60_000 });
      assert.deepEqual(await wallet(userId), [60, heldMinutes]);
    }
  });

  it('holds whole minutes, as far as they go', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await openBooks(t);
    const userId = await learnerWith(350);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.beat(callId, 0), { heldMs: 120_000, coveredMs: 180_000 });
    assert.deepEqual(await billing.meter.beat(callId, 61_000), { heldMs: 180_000, coveredMs: 180_000 });
    assert.deepEqual(await billing.meter.beat(callId, 125_000), { heldMs: 180_000, coveredMs: 180_000 });
    assert.deepEqual(await wallet(userId), [3.5, 3]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('sees minutes that were bought meanwhile', async (t) => {
    const { billing, learnerWith, give, goLive } = await openBooks(t);
    const userId = await learnerWith(200);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.beat(callId, 110_000), { heldMs: 120_000, coveredMs: 120_000 });
    await give({ userId, type: 'gift', hundredths: 500, idempotencyKey: 'more' });
    assert.deepEqual(await billing.meter.beat(callId, 115_000), { heldMs: 180_000, coveredMs: 420_000 });
  });

  it('of a call that is over or unknown is refused', async (t) => {
    const { billing, learnerWith, goLive } = await openBooks(t);
    const callId = await goLive(await learnerWith(6000));
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 1000 });
    await assert.rejects(billing.meter.beat(callId, 2000), { code: 'call_ended' });
    const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
    await assert.rejects(billing.meter.beat(nobody, 0), { code: 'call_not_found' });
    await assert.rejects(billing.meter.end(nobody, { reason: 'hang_up', talkedMs: 0 }), { code: 'call_not_found' });
    for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(billing.meter.beat(callId, wrong), RangeError);
    }
  });
});

describe('setting minutes aside for talk to come', () => {
  it('holds as much as is there, and charges none of it that was not talked', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await openBooks(t);
    const userId = await learnerWith(550);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.reserve(callId, 150_001), { heldMs: 180_000, coveredMs: 300_000 });
    assert.deepEqual(await billing.meter.reserve(callId, 60_000), { heldMs: 180_000, coveredMs: 300_000 });
    assert.deepEqual(await billing.meter.reserve(callId, 900_000), { heldMs: 300_000, coveredMs: 300_000 });
    assert.deepEqual(await wallet(userId), [5.5, 5]);
    await billing.meter.beat(callId, 61_000);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 0 });
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 2);
    assert.deepEqual(await wallet(userId), [3.5, 0]);
    await assert.rejects(billing.meter.reserve(callId, 60_000), { code: 'call_ended' });
    assert.deepEqual(await billing.checkInvariants(), []);
  });
});
