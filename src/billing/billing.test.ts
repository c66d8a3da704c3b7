import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connectDatabase } from '../platform/database.ts';
import { createSilentLogger } from '../platform/log.ts';
import { insertCall, insertLearner, markCallLive } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createBilling } from './billing.ts';
import { credit } from './ledger.ts';
import { minutesOf, minutesToJson } from './minutes.ts';
import { kopecksOf, NO_MONEY } from './money.ts';

/** SQL for a moment so many seconds ago. */
function backdate(seconds: number): string {
  return `clock_timestamp() - interval '${seconds} seconds'`;
}

async function setUp(t: TestContext) {
  const database = await createTestDatabase(t);
  const { knex } = database;
  const billing = createBilling({ knex, log: createSilentLogger(), onCallEnded: () => {} });

  const learnerWith = async (hundredths: number): Promise<string> => {
    const userId = await insertLearner(knex);
    if (hundredths > 0) {
      await knex.transaction((transaction) =>
        credit(transaction, {
          userId,
          type: 'gift',
          minutes: minutesOf(hundredths),
          price: NO_MONEY,
          idempotencyKey: `gift:${userId}`,
        }),
      );
    }
    return userId;
  };
  const place = (userId: string): Promise<string> =>
    knex.transaction(async (transaction) => {
      const callId = await insertCall(transaction, userId);
      await billing.openCall(transaction, { callId, userId });
      return callId;
    });
  const goLive = async (userId: string): Promise<string> => {
    const callId = await place(userId);
    await markCallLive(knex, callId);
    return callId;
  };
  /** [balance, held] in minutes. */
  const wallet = async (userId: string): Promise<[number, number]> => {
    const { balance, held } = await billing.balance(userId);
    return [minutesToJson(balance), minutesToJson(held)];
  };
  const assertBooksHold = async (): Promise<void> => assert.deepEqual(await billing.checkInvariants(), []);
  return { database, knex, billing, learnerWith, place, goLive, wallet, assertBooksHold };
}

describe('registration', () => {
  it('gives 60 free minutes once', async (t) => {
    const { knex, billing, learnerWith, wallet, assertBooksHold } = await setUp(t);
    const userId = await learnerWith(0);
    await knex.transaction((transaction) => billing.onRegistered(transaction, userId));
    await knex.transaction((transaction) => billing.onRegistered(transaction, userId));
    assert.deepEqual(await wallet(userId), [60, 0]);
    const lots = await knex('wallet_lots').where('user_account_id', userId);
    assert.deepEqual(
      lots.map(({ kind, remaining }: { kind: string; remaining: string }) => [kind, remaining]),
      [['free', '60.00']],
    );
    await assertBooksHold();
  });

  it('gives what the settings say', async (t) => {
    const { knex, billing, learnerWith, wallet } = await setUp(t);
    await knex('settings').insert({ key: 'billing.trial_minutes', value: JSON.stringify(15) });
    const userId = await learnerWith(0);
    await knex.transaction((transaction) => billing.onRegistered(transaction, userId));
    assert.deepEqual(await wallet(userId), [15, 0]);
    await knex('settings').update({ value: JSON.stringify('many') });
    await assert.rejects(
      knex.transaction((transaction) => billing.onRegistered(transaction, userId)),
      { code: 'setting_invalid' },
    );
  });
});

describe('credits', () => {
  it('are posted once per key, also when they come at once', async (t) => {
    const { knex, learnerWith, wallet, assertBooksHold } = await setUp(t);
    const userId = await learnerWith(0);
    const deposit = {
      userId,
      type: 'deposit',
      minutes: minutesOf(10_050),
      price: kopecksOf(50_000),
      idempotencyKey: 'deposit:1',
    } as const;
    const postings = await Promise.all(
      [1, 2, 3, 4].map(() => knex.transaction((transaction) => credit(transaction, deposit))),
    );
    assert.equal(postings.filter(({ posted }) => posted).length, 1);
    assert.equal(new Set(postings.map(({ transactionId }) => transactionId)).size, 1);
    assert.deepEqual(await wallet(userId), [100.5, 0]);
    await assertBooksHold();
  });

  it('refuse the key of another credit', async (t) => {
    const { knex, learnerWith } = await setUp(t);
    const userId = await learnerWith(100);
    const other = { userId, type: 'gift', minutes: minutesOf(200), price: NO_MONEY } as const;
    await assert.rejects(
      knex.transaction((transaction) => credit(transaction, { ...other, idempotencyKey: `gift:${userId}` })),
      { code: 'idempotency_key_reused' },
    );
  });

  it('refuse a user who is not there', async (t) => {
    const { knex } = await setUp(t);
    const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
    const gift = {
      userId: nobody,
      type: 'gift',
      minutes: minutesOf(100),
      price: NO_MONEY,
      idempotencyKey: 'x',
    } as const;
    await assert.rejects(
      knex.transaction((transaction) => credit(transaction, gift)),
      { code: 'user_not_found' },
    );
  });
});

describe('opening a call', () => {
  for (const [balance, held] of [
    [6000, 2],
    [200, 2],
    [199, 1],
    [100, 1],
  ] as const) {
    it(`with ${balance / 100} minutes holds ${held}`, async (t) => {
      const { learnerWith, place, wallet, assertBooksHold } = await setUp(t);
      const userId = await learnerWith(balance);
      await place(userId);
      assert.deepEqual(await wallet(userId), [balance / 100, held]);
      await assertBooksHold();
    });
  }

  for (const balance of [0, 99]) {
    it(`with ${balance / 100} minutes is refused and leaves nothing behind`, async (t) => {
      const { knex, learnerWith, place, assertBooksHold } = await setUp(t);
      const userId = await learnerWith(balance);
      await assert.rejects(place(userId), { code: 'no_minutes', kind: 'payment_required' });
      assert.equal((await knex('calls')).length, 0);
      await assertBooksHold();
    });
  }

  it('many times at once never holds more than there is', async (t) => {
    const { learnerWith, place, wallet, assertBooksHold } = await setUp(t);
    const userId = await learnerWith(550);
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => place(userId)));
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 3);
    assert.deepEqual(await wallet(userId), [5.5, 5]);
    await assertBooksHold();
  });
});

describe('a beat', () => {
  it('keeps the hold a minute ahead of the talk', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await setUp(t);
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
    const { billing, learnerWith, goLive, wallet, assertBooksHold } = await setUp(t);
    const userId = await learnerWith(350);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.beat(callId, 0), { heldMs: 120_000, coveredMs: 180_000 });
    assert.deepEqual(await billing.meter.beat(callId, 61_000), { heldMs: 180_000, coveredMs: 180_000 });
    assert.deepEqual(await billing.meter.beat(callId, 125_000), { heldMs: 180_000, coveredMs: 180_000 });
    assert.deepEqual(await wallet(userId), [3.5, 3]);
    await assertBooksHold();
  });

  it('sees minutes that were bought meanwhile', async (t) => {
    const { knex, billing, learnerWith, goLive } = await setUp(t);
    const userId = await learnerWith(200);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.beat(callId, 110_000), { heldMs: 120_000, coveredMs: 120_000 });
    const more = { userId, type: 'gift', minutes: minutesOf(500), price: NO_MONEY, idempotencyKey: 'more' } as const;
    await knex.transaction((transaction) => credit(transaction, more));
    assert.deepEqual(await billing.meter.beat(callId, 115_000), { heldMs: 180_000, coveredMs: 420_000 });
  });

  it('of a call that is over or unknown is refused', async (t) => {
    const { billing, learnerWith, goLive } = await setUp(t);
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

describe('the end of a call', () => {
  for (const [talkedMs, billed] of [
    [0, 1],
    [400, 1],
    [60_000, 1],
    [60_004, 1],
    [61_000, 2],
    [3_540_000, 59],
  ] as const) {
    it(`after ${talkedMs} ms of talk charges ${billed}`, async (t) => {
      const { billing, learnerWith, goLive, wallet, assertBooksHold } = await setUp(t);
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
      await assertBooksHold();
    });
  }

  it('never charges more than was held, however long the talk', async (t) => {
    const { billing, learnerWith, goLive, wallet, assertBooksHold } = await setUp(t);
    const userId = await learnerWith(250);
    const callId = await goLive(userId);
    await billing.meter.beat(callId, 119_000);
    await billing.meter.end(callId, { reason: 'no_minutes', talkedMs: 999_000 });
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 2);
    assert.deepEqual(await wallet(userId), [0.5, 0]);
    await assertBooksHold();
  });

  it('costs nothing when the media never connected', async (t) => {
    const { knex, billing, learnerWith, place, wallet, assertBooksHold } = await setUp(t);
    const userId = await learnerWith(6000);
    const callId = await place(userId);
    await billing.meter.end(callId, { reason: 'never_connected', talkedMs: 0 });
    assert.equal(await billing.finalizeCall(callId), undefined);
    assert.equal(await billing.finalizeCall(callId), undefined);
    assert.deepEqual(await wallet(userId), [60, 0]);
    assert.equal((await knex('usage_sessions')).length, 0);
    await assertBooksHold();
  });

  it('is the first that was told', async (t) => {
    const { knex, billing, learnerWith, goLive } = await setUp(t);
    const callId = await goLive(await learnerWith(6000));
    await Promise.all([1, 2, 3].map(() => billing.meter.end(callId, { reason: 'hang_up', talkedMs: 5000 })));
    await billing.meter.end(callId, { reason: 'idle', talkedMs: 500_000 });
    const call = await knex('calls').where('id', callId).first('end_reason', 'talked_ms');
    assert.deepEqual(call, { end_reason: 'hang_up', talked_ms: 5000 });
  });

  it('is refused a charge while the call goes on', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await setUp(t);
    const userId = await learnerWith(6000);
    await assert.rejects(billing.finalizeCall(await goLive(userId)), { code: 'call_not_ended' });
    assert.deepEqual(await wallet(userId), [60, 2]);
  });

  it('is charged once, from however many connections', async (t) => {
    const { database, knex, billing, learnerWith, goLive, wallet, assertBooksHold } = await setUp(t);
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
    await assertBooksHold();
  });

  it('is charged at the price of its beginning', async (t) => {
    const { knex, billing, learnerWith, goLive } = await setUp(t);
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
    const { knex, billing, learnerWith, goLive, assertBooksHold } = await setUp(t);
    const userId = await learnerWith(0);
    for (const [type, hundredths, price] of [
      ['deposit', 200, 1000],
      ['deposit', 500, 2000],
      ['gift', 150, 0],
    ] as const) {
      await knex.transaction((transaction) =>
        credit(transaction, {
          userId,
          type,
          minutes: minutesOf(hundredths),
          price: kopecksOf(price),
          idempotencyKey: `${type}:${hundredths}`,
        }),
      );
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
    await assertBooksHold();
  });

  it('begins the charge by itself where nobody else is told', async (t) => {
    const { knex, learnerWith, goLive, wallet } = await setUp(t);
    const billing = createBilling({ knex, log: createSilentLogger() });
    const userId = await learnerWith(6000);
    const callId = await goLive(userId);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
    await billing.close();
    assert.deepEqual(await wallet(userId), [58, 0]);
    assert.equal((await billing.charges([callId])).get(callId)?.billedMinutes, 2);
  });
});

describe('the sweep', () => {
  it('ends calls that nobody joined, for nothing', async (t) => {
    const { knex, billing, learnerWith, place, wallet, assertBooksHold } = await setUp(t);
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
    await assertBooksHold();
  });

  it('ends the calls of a lost node at their last beat, and charges no more than was talked by then', async (t) => {
    const { knex, billing, learnerWith, goLive, wallet, assertBooksHold } = await setUp(t);
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
    await assertBooksHold();
  });

  it('charges what ended and was not charged, several sweeps at once', async (t) => {
    const { billing, learnerWith, goLive, assertBooksHold } = await setUp(t);
    for (let n = 0; n < 5; n += 1) {
      const callId = await goLive(await learnerWith(6000));
      await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 30_000 });
    }
    const reports = await Promise.all([billing.sweep(), billing.sweep(), billing.sweep()]);
    assert.equal(
      reports.reduce((sum, { failed }) => sum + failed, 0),
      0,
    );
    await assertBooksHold();
    assert.equal((await billing.sweep()).finalized, 0);
  });

  it('goes on past a call that cannot be charged', async (t) => {
    const { knex, billing, learnerWith, goLive } = await setUp(t);
    const broken = await insertCall(knex, await learnerWith(0));
    await billing.meter.end(broken, { reason: 'never_connected', talkedMs: 0 });
    const good = await goLive(await learnerWith(6000));
    await billing.meter.end(good, { reason: 'hang_up', talkedMs: 30_000 });
    const report = await billing.sweep();
    assert.equal(report.failed, 1);
    assert.equal(report.finalized, 1);
  });
});
