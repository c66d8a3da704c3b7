import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connectDatabase } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createSilentLogger } from '../platform/log.ts';
import { writeSetting } from '../platform/settings.ts';
import { openHouse } from '../testing/house.ts';
import { openCashDesk, type CashDesk } from '../testing/payments/cash-desk.ts';
import { createBilling, type Billing } from './billing.ts';
import { rateSetting } from './billing-settings.ts';
import { readDebt } from './debts.ts';
import { recordReferral } from './referrals/invite.ts';

/**
 * What every prepaid system gets wrong at least once: each case in its shortest form. After each the books must hold;
 * the desk and the house see to that.
 */

/** The same service in so many other processes, each with connections of its own. */
function elsewhere(t: TestContext, { database }: CashDesk, count: number): Billing[] {
  return Array.from({ length: count }, () => {
    const other = connectDatabase({ url: database.url, poolSize: 2, applicationName: 'ailingva test' });
    t.after(() => other.close());
    return createBilling({ knex: other.knex, log: createSilentLogger(), onCallEnded: () => {} });
  });
}

/** A live call that has talked so long, hung up and was charged. Answers the minutes and kopecks it cost. */
async function talk({ billing, goLive }: CashDesk, userId: string, talkedMs: number) {
  const callId = await goLive(userId);
  await billing.meter.beat(callId, talkedMs);
  await billing.meter.end(callId, { reason: 'hang_up', talkedMs });
  const charge = await billing.finalizeCall(callId);
  return { callId, minutes: charge?.billedMinutes, kopecks: charge?.amount };
}

function codes(outcomes: readonly PromiseSettledResult<unknown>[]): string[] {
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return 'done';
    return outcome.reason instanceof AppError ? outcome.reason.code : String(outcome.reason);
  });
}

describe('hard cases of calls', () => {
  it('1. double finalize: nine at once, from three processes, charge once', async (t) => {
    const desk = await openCashDesk(t);
    const userId = await desk.learnerWith(1000);
    const callId = await desk.goLive(userId);
    await desk.billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
    const others = elsewhere(t, desk, 3);
    const charges = await Promise.all([...others, ...others, ...others].map((one) => one.finalizeCall(callId)));
    assert.deepEqual(new Set(charges.map((charge) => charge?.billedMinutes)), new Set([2]));
    assert.deepEqual(await desk.wallet(userId), [8, 0]);
  });

  it('2. lost end: a call whose node died ends at its last heartbeat', async (t) => {
    const { billing, knex, learnerWith, goLive, wallet } = await openCashDesk(t);
    const userId = await learnerWith(1000);
    const callId = await goLive(userId);
    await billing.meter.beat(callId, 70_000);
    await knex('calls')
      .where('id', callId)
      .update({ last_beat_at: knex.raw(`now() - interval '10 minutes'`) });
    assert.deepEqual(await billing.sweep(), { neverConnected: 0, nodeLost: 1, finalized: 1, failed: 0 });
    assert.equal((await knex('calls').first('end_reason')).end_reason, 'node_lost');
    assert.deepEqual(await wallet(userId), [8, 0]);
  });

  it('3. parallel calls: they hold, and spend, no more than there is', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await openCashDesk(t);
    const userId = await learnerWith(500);
    const opened = await Promise.allSettled(Array.from({ length: 6 }, () => goLive(userId)));
    assert.deepEqual(codes(opened).toSorted(), ['done', 'done', 'done', 'no_minutes', 'no_minutes', 'no_minutes']);
    assert.deepEqual(await wallet(userId), [5, 5]);
    for (const call of opened) {
      if (call.status !== 'fulfilled') continue;
      await billing.meter.end(call.value, { reason: 'no_minutes', talkedMs: 600_000 });
      await billing.finalizeCall(call.value);
    }
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('4. cutoff overshoot: talk past the hold is the house’s', async (t) => {
    const { billing, learnerWith, goLive, wallet } = await openCashDesk(t);
    const userId = await learnerWith(250);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.beat(callId, 119_000), { heldMs: 120_000, coveredMs: 120_000 });
    await billing.meter.end(callId, { reason: 'no_minutes', talkedMs: 123_400 });
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 2);
    assert.deepEqual(await wallet(userId), [0.5, 0]);
  });

  it('5. mid-call deposit: it extends the call', async (t) => {
    const { billing, learnerWith, goLive, buy, wallet } = await openCashDesk(t);
    const userId = await learnerWith(100);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.beat(callId, 30_000), { heldMs: 60_000, coveredMs: 60_000 });
    await buy(userId, 15);
    assert.deepEqual(await billing.meter.beat(callId, 59_000), { heldMs: 120_000, coveredMs: 240_000 });
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 100_000 });
    await billing.finalizeCall(callId);
    assert.deepEqual(await wallet(userId), [2, 0]);
  });

  it('6. mid-call refund: what is held stays held, and is owed', async (t) => {
    const { billing, knex, learnerWith, goLive, buy, refund, wallet } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 15);
    const callId = await goLive(userId);
    assert.equal((await refund(id, {})).body['status'], 'refunded');
    assert.deepEqual([await wallet(userId), await readDebt(knex, userId)], [[2, 2], 200]);
    assert.deepEqual(await billing.meter.beat(callId, 60_000), { heldMs: 120_000, coveredMs: 120_000 });
    await billing.meter.end(callId, { reason: 'no_minutes', talkedMs: 120_000 });
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 2);
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('7. unanswered call: without media it costs nothing', async (t) => {
    const { billing, knex, learnerWith, place, wallet } = await openCashDesk(t);
    const userId = await learnerWith(1000);
    const callId = await place(userId);
    assert.deepEqual(await wallet(userId), [10, 2]);
    await billing.meter.end(callId, { reason: 'never_connected', talkedMs: 0 });
    assert.equal(await billing.finalizeCall(callId), undefined);
    assert.deepEqual([await wallet(userId), await knex('usage_sessions')], [[10, 0], []]);
  });

  it('8. 60.004 s are one minute; 61 s are two', async (t) => {
    const desk = await openCashDesk(t);
    const userId = await desk.learnerWith(1000);
    assert.equal((await talk(desk, userId, 60_004)).minutes, 1);
    assert.equal((await talk(desk, userId, 61_000)).minutes, 2);
  });

  it('9. two clocks: the talk is measured by the node’s steady clock, whatever the wall says, and never goes back', async (t) => {
    const { billing, knex, learnerWith, goLive, wallet } = await openCashDesk(t);
    const userId = await learnerWith(1000);
    const callId = await goLive(userId);
    await knex('calls')
      .where('id', callId)
      .update({ live_at: knex.raw(`now() + interval '3 hours'`) });
    await billing.meter.beat(callId, 61_000);
    await billing.meter.beat(callId, 12_000);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 13_000 });
    assert.equal((await billing.finalizeCall(callId))?.durationSec, 61);
    assert.deepEqual(await wallet(userId), [8, 0]);
  });

  it('10. reconnect: the same call goes on on another node, and is one session', async (t) => {
    const desk = await openCashDesk(t);
    const { billing, knex, learnerWith, goLive, wallet } = desk;
    const userId = await learnerWith(1000);
    const callId = await goLive(userId);
    await billing.meter.beat(callId, 20_000);
    const [other] = elsewhere(t, desk, 1);
    await other?.meter.beat(callId, 40_000);
    await other?.meter.end(callId, { reason: 'hang_up', talkedMs: 59_000 });
    await billing.meter.end(callId, { reason: 'connection_lost', talkedMs: 20_000 });
    await Promise.all([billing.finalizeCall(callId), other?.finalizeCall(callId)]);
    assert.deepEqual(await knex('usage_sessions').select('duration_sec', 'billed_minutes'), [
      { duration_sec: 59, billed_minutes: 1 },
    ]);
    assert.deepEqual(await wallet(userId), [9, 0]);
  });

  it('11. rate change mid-call: the call keeps the price of its beginning', async (t) => {
    const desk = await openCashDesk(t);
    const { billing, knex, admin, learnerWith, goLive } = desk;
    const callId = await goLive(await learnerWith(1000));
    await writeSetting(knex, rateSetting, { value: 900, actorId: admin.userId });
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
    assert.equal((await billing.finalizeCall(callId))?.amount, 1000);
    assert.equal((await talk(desk, await learnerWith(1000), 61_000)).kopecks, 1800);
    const { tariff_snapshot } = await knex('usage_sessions').where('call_id', callId).first('tariff_snapshot');
    assert.deepEqual(tariff_snapshot, { rate_kopecks_per_minute: 500 });
  });

  it('12. free before paid: the gift burns first, then the oldest deposit, at its price', async (t) => {
    const desk = await openCashDesk(t);
    const userId = await desk.learnerWith(0);
    await desk.give({ userId, type: 'deposit', hundredths: 200, price: 1000, idempotencyKey: 'deposit:1' });
    await desk.give({ userId, type: 'deposit', hundredths: 200, price: 900, idempotencyKey: 'deposit:2' });
    await desk.give({ userId, type: 'gift', hundredths: 100, idempotencyKey: 'gift:1' });
    await talk(desk, userId, 240_000);
    const burnt = await desk
      .knex('wallet_lot_allocations as a')
      .join('wallet_lots as l', 'l.id', 'a.wallet_lot_id')
      .orderBy('l.created_at')
      .pluck('a.amount_kopecks');
    assert.deepEqual(burnt, [1000, 450, 0]);
  });
});

describe('hard cases of prices and payments', () => {
  it('13. discounts: 0 and 9 999 basis points are taken, 10 000 is refused', async (t) => {
    const { ask, admin, tokenOf, learnerWith } = await openCashDesk(t);
    const create = (name: string, roubles: number, percent: number) =>
      ask('POST', '/api/admin/billing/packages', {
        token: admin.token,
        body: { name, min_amount_rub: roubles, discount_percent: percent },
      });
    assert.equal((await create('None', 200, 0)).status, 201);
    assert.equal((await create('Nearly all', 90_000, 99.99)).status, 201);
    assert.equal((await create('All', 95_000, 100)).body['code'], 'request_invalid');
    const token = tokenOf(await learnerWith(0));
    const quote = await ask('POST', '/api/billing/quote', { token, body: { amount_rub: 90_000 } });
    assert.equal(quote.body['minutes'], 180_000_000);
  });

  for (const [name, roubles, minutes] of [
    ['14. boundary: an amount equal to the minimum gets the package', 3000, 705.88],
    ['14. boundary: a kopeck less than the minimum does not', 2999.99, 666.66],
    ['15. rounding of 15 ₽ at 0 %', 15, 3],
    ['16. rounding of 1 000 ₽ at 10 %', 1000, 222.22],
  ] as const) {
    it(`${name}: ${roubles} ₽ buy ${minutes} min`, async (t) => {
      const { learnerWith, buy, wallet, ask, tokenOf } = await openCashDesk(t);
      const userId = await learnerWith(0);
      const quote = await ask('POST', '/api/billing/quote', { token: tokenOf(userId), body: { amount_rub: roubles } });
      assert.equal(quote.body['minutes'], minutes);
      await buy(userId, roubles);
      assert.deepEqual(await wallet(userId), [minutes, 0]);
    });
  }

  it('17. partial capture: what was captured is credited, at the prices of the beginning', async (t) => {
    const { learnerWith, deposit, providerIdOf, webhook, yookassa, wallet, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const providerId = await providerIdOf(String((await deposit(userId, 1000)).body['payment_id']));
    yookassa.pay(providerId, { value: '999.99' });
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [199.99, 0]);
    assert.deepEqual(await knex('wallet_lots').pluck('price_kopecks'), [99_999]);
  });

  it('18. duplicate events: twice, at once and out of order credit once', async (t) => {
    const { learnerWith, deposit, providerIdOf, webhook, yookassa, wallet } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const providerId = await providerIdOf(String((await deposit(userId, 300)).body['payment_id']));
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [0, 0], 'the word of a webhook is not money');
    yookassa.pay(providerId);
    const events = ['payment.canceled', 'payment.succeeded', 'payment.waiting_for_capture', 'payment.succeeded'];
    await Promise.all(events.map((event) => webhook(event, providerId)));
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [60, 0]);
  });

  it('19. chargeback after the minutes were spent: a debt that the next deposit pays first', async (t) => {
    const desk = await openCashDesk(t);
    const { knex, learnerWith, buy, refund, wallet } = desk;
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 15);
    await talk(desk, userId, 120_000);
    await refund(id, { kind: 'chargeback' });
    assert.deepEqual([await wallet(userId), await readDebt(knex, userId)], [[0, 0], 200]);
    await buy(userId, 25);
    assert.deepEqual([await wallet(userId), await readDebt(knex, userId)], [[3, 0], 0]);
  });

  it('20. rate change mid-checkout: what was promised is credited', async (t) => {
    const { learnerWith, deposit, providerIdOf, webhook, yookassa, wallet, knex, admin } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { body } = await deposit(userId, 1000);
    await writeSetting(knex, rateSetting, { value: 1000, actorId: admin.userId });
    await knex('billing_packages').update({ is_active: false });
    const providerId = await providerIdOf(String(body['payment_id']));
    yookassa.pay(providerId);
    await webhook('payment.succeeded', providerId);
    assert.deepEqual([body['minutes'], await wallet(userId)], [222.22, [222.22, 0]]);
  });
});

describe('hard cases of what is given', () => {
  it('21. second trial: one a person, under whatever name, also at once', async (t) => {
    const house = await openHouse(t);
    const names = ['ann@example.com', 'ann+1@example.com', 'Ann+2@Example.com'];
    const accounts = await Promise.all(names.map((email) => house.register(email)));
    const balances = await Promise.all(accounts.map(async (one) => (await house.wallet(one))[0]));
    assert.deepEqual(
      balances.toSorted((one, other) => one - other),
      [0, 0, 60],
    );
  });

  it('22. referrals: of oneself, in a loop, by a second code, confirmed in a race', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const anns = await house.codeOf(ann);
    const twin = await house.register('ann+twin@example.com', anns);
    await house.confirm(twin);
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(twin)],
      [
        [60, 0],
        [0, 0],
      ],
      'of oneself',
    );

    const bob = await house.register('bob@example.com', anns);
    const record = async (referred: { readonly id: string }, code: string) =>
      house.knex.transaction((transaction) =>
        recordReferral(transaction, { referredId: referred.id, code, newPerson: true }),
      );
    await assert.rejects(record(ann, await house.codeOf(bob)), { code: 'referral_loop' });

    const carl = await house.register('carl@example.com');
    await assert.rejects(record(bob, await house.codeOf(carl)), { code: 'referral_exists' });

    const confirmations = Array.from({ length: 4 }, () =>
      house.knex.transaction(async (transaction) => {
        await transaction('user_accounts').where({ id: bob.id }).update({ confirmed_at: transaction.fn.now() });
        await house.billing.onConfirmed(transaction, bob.id);
      }),
    );
    await Promise.all(confirmations);
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(bob)],
      [
        [120, 0],
        [120, 0],
      ],
    );
  });

  it('23. gifts: negative, zero, huge, and the same one twice', async (t) => {
    const { ask, admin, learnerWith, wallet, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const give = (minutes: number, key: string) =>
      ask('POST', `/api/admin/billing/users/${userId}/gift`, {
        token: admin.token,
        body: { minutes, reason: 'A gift' },
        headers: { 'idempotency-key': key },
      });
    for (const [minutes, code] of [
      [-5, 'request_invalid'],
      [0, 'request_invalid'],
      [0.001, 'request_invalid'],
      [601, 'gift_too_large'],
      [1e12, 'request_invalid'],
    ] as const) {
      assert.equal((await give(minutes, `refused-${minutes}`)).body['code'], code, String(minutes));
    }
    const answers = await Promise.all([1, 2, 3].map(() => give(10, 'same')));
    assert.equal(new Set(answers.map(({ body }) => body['transaction_id'])).size, 1);
    assert.equal((await give(11, 'same')).body['code'], 'idempotency_key_reused');
    assert.deepEqual(await wallet(userId), [10, 0]);
    const gift = await knex('wallet_transactions').first('actor_id', 'reason');
    assert.deepEqual(gift, { actor_id: admin.userId, reason: 'A gift' });
  });
});

describe('hard cases of the books', () => {
  it('24. TRUNCATE: refused to the application and to the owner, replicating or not', async (t) => {
    const { database, knex, learnerWith } = await openCashDesk(t);
    await learnerWith(1000);
    await assert.rejects(knex.raw('TRUNCATE wallet_transactions CASCADE'), { code: '42501' });
    const owner = connectDatabase({ url: database.url, poolSize: 1, applicationName: 'ailingva test', role: null });
    t.after(() => owner.close());
    for (const role of ['origin', 'replica']) {
      await owner.knex.raw(`SET session_replication_role = ${role}`);
      for (const sql of ['TRUNCATE wallet_transactions CASCADE', 'DELETE FROM wallet_transactions']) {
        await assert.rejects(owner.knex.raw(sql), { code: '23001' }, `${role}: ${sql}`);
      }
    }
  });

  it('25. balance cache tampered: seen, and put right only when asked to', async (t) => {
    const { billing, knex, learnerWith, wallet } = await openCashDesk(t);
    const userId = await learnerWith(1000);
    await knex('user_profiles').where('user_account_id', userId).update({ minutes_balance: 9999 });
    const { differences } = await billing.reconcile({ repair: false });
    assert.deepEqual(
      differences.map((difference) => [difference.rule, difference.userId]),
      [
        ['balance_is_sum_of_ledger', userId],
        ['balance_is_sum_of_lots', userId],
      ],
    );
    assert.deepEqual(await wallet(userId), [9999, 0]);
    assert.deepEqual((await billing.reconcile({ repair: true })).left, []);
    assert.deepEqual(await wallet(userId), [10, 0]);
    assert.equal((await billing.reconcile({ repair: true })).repairs.length, 0);
  });
});
