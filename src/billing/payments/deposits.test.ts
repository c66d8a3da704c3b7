import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeSetting } from '../../platform/settings.ts';
import { openCashDesk } from '../../testing/payments/cash-desk.ts';
import { rateSetting } from '../billing-settings.ts';

describe('a deposit', () => {
  it('is begun, paid, told of and credited', async (t) => {
    const { learnerWith, deposit, look, webhook, yookassa, providerIdOf, wallet, knex, metrics } =
      await openCashDesk(t);
    const userId = await learnerWith(0);
    const { status, body } = await deposit(userId, 1000);
    assert.equal(status, 201);
    assert.equal(body['status'], 'pending');
    assert.equal(body['minutes'], 222.22);
    const id = String(body['payment_id']);
    const providerId = await providerIdOf(id);
    assert.equal(body['confirmation_url'], `https://yoomoney.example/checkout?order=${providerId}`);
    assert.deepEqual(yookassa.requests[0], {
      method: 'POST',
      path: '/v3/payments',
      key: id,
      body: {
        amount: { value: '1000.00', currency: 'RUB' },
        capture: true,
        confirmation: { type: 'redirect', return_url: `https://ailingva.example/deposit/${id}` },
        description: 'AIlingva: 222.22 min',
        metadata: { payment_id: id },
      },
    });
    assert.deepEqual(await wallet(userId), [0, 0]);

    yookassa.pay(providerId);
    assert.deepEqual((await webhook('payment.succeeded', providerId)).body, { status: 'settled' });
    assert.deepEqual(await wallet(userId), [222.22, 0]);
    const seen = (await look(userId, id)).body;
    assert.deepEqual([seen['status'], seen['confirmation_url'], seen['minutes']], ['succeeded', null, 222.22]);
    const lot = await knex('wallet_lots').where('user_account_id', userId).first('kind', 'price_kopecks', 'minutes');
    assert.deepEqual(lot, { kind: 'paid', price_kopecks: 100_000, minutes: '222.22' });
    const row = await knex('payments').where('id', id).first('tariff_snapshot', 'package_snapshot');
    assert.equal(row.tariff_snapshot.rate_kopecks_per_minute, 500);
    assert.deepEqual([row.package_snapshot.name, row.package_snapshot.discount_basis_points], ['Regular', 1000]);
    assert.match(await metrics.metrics(), /billing_payments_total\{.*status="succeeded".*\} 1/);
  });

  it('keeps its price whatever changes during the checkout', async (t) => {
    const { learnerWith, deposit, webhook, yookassa, providerIdOf, wallet, knex, admin } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { body } = await deposit(userId, 1000);
    await writeSetting(knex, rateSetting, { value: 1_000, actorId: admin.userId });
    await knex('billing_packages').update({ is_active: false });
    const providerId = await providerIdOf(String(body['payment_id']));
    yookassa.pay(providerId);
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [222.22, 0]);
  });

  it('extends a call that is under way', async (t) => {
    const { billing, learnerWith, goLive, buy } = await openCashDesk(t);
    const userId = await learnerWith(200);
    const callId = await goLive(userId);
    assert.deepEqual(await billing.meter.beat(callId, 110_000), { heldMs: 120_000, coveredMs: 120_000 });
    await buy(userId, 15);
    assert.deepEqual(await billing.meter.beat(callId, 115_000), { heldMs: 180_000, coveredMs: 300_000 });
  });

  it('needs a key, an amount within the limits, and somebody signed in', async (t) => {
    const { ask, learnerWith, tokenOf, deposit, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const body = { amount_rub: 100 };
    const unkeyed = await ask('POST', '/api/billing/deposits', { token: tokenOf(userId), body });
    assert.equal(unkeyed.body['code'], 'idempotency_key_missing');
    assert.equal((await ask('POST', '/api/billing/deposits', { body })).status, 401);
    assert.equal((await deposit(userId, 9.99)).body['code'], 'amount_too_small');
    assert.equal((await deposit(userId, 100_000.01)).body['code'], 'amount_too_large');
    assert.equal((await deposit(userId, 100.001)).body['code'], 'request_invalid');
    assert.equal(yookassa.requests.length, 0);
  });

  it('is seen by its owner alone', async (t) => {
    const { learnerWith, deposit, look } = await openCashDesk(t);
    const { body } = await deposit(await learnerWith(0), 100);
    const other = await look(await learnerWith(0), String(body['payment_id']));
    assert.deepEqual([other.status, other.body['code']], [404, 'payment_not_found']);
  });

  it('is refused to a script gone wild', async (t) => {
    const { learnerWith, deposit, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { body } = await deposit(userId, 100, 'first');
    const many = Array.from(
      { length: 29 },
      (_, index) =>
        `('${userId}', ${index + 1000}, 'sandbox', 'many-${index}', '{"rate_kopecks_per_minute":500,"packages":[]}', 1)`,
    );
    await knex.raw(
      `INSERT INTO payments (user_account_id, amount_kopecks, provider, idempotency_key, tariff_snapshot, quoted_minutes)
       VALUES ${many.join(',')}`,
    );
    assert.equal((await deposit(userId, 100)).body['code'], 'too_many_deposits');
    assert.equal((await deposit(userId, 100, 'first')).body['payment_id'], body['payment_id'], 'a repetition is none');
  });
});

describe('the same key again', () => {
  it('is the same payment, also when asked at once from several processes', async (t) => {
    const { learnerWith, payments, anotherProcess, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const amount = 10_000 as Parameters<typeof payments.createDeposit>[0]['amount'];
    const processes = [payments, anotherProcess(), anotherProcess()];
    const answers = await Promise.all(
      [...processes, ...processes].map((one) => one.createDeposit({ userId, amount, idempotencyKey: 'same' })),
    );
    assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
    assert.equal(new Set(answers.map(({ providerPaymentId }) => providerPaymentId)).size, 1);
    assert.equal(yookassa.payments.size, 1);
  });

  it('with another amount is refused', async (t) => {
    const { learnerWith, deposit } = await openCashDesk(t);
    const userId = await learnerWith(0);
    await deposit(userId, 100, 'same');
    assert.equal((await deposit(userId, 101, 'same')).body['code'], 'idempotency_key_reused');
    assert.equal((await deposit(await learnerWith(0), 101, 'same')).status, 201, 'keys are each learner’s own');
  });

  it('goes on where the provider had done it and nobody heard', async (t) => {
    const { learnerWith, deposit, yookassa, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    yookassa.failNext('cut', 'hang', 'after the deed');
    const lost = await deposit(userId, 100, 'same');
    assert.deepEqual([lost.status, lost.body['code']], [503, 'payment_provider_unavailable']);
    assert.deepEqual(await knex('payments').pluck('status'), ['created']);
    const found = await deposit(userId, 100, 'same');
    assert.equal(found.body['status'], 'pending');
    assert.equal(yookassa.payments.size, 1);
    assert.equal(new Set(yookassa.requests.map(({ key }) => key)).size, 1);
  });

  it('goes on after a process died between the provider’s answer and its own commit', async (t) => {
    const { learnerWith, deposit, yookassa, knex, webhook, wallet, database } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { body } = await deposit(userId, 100, 'same');
    const [providerId = ''] = yookassa.payments.keys();
    // What such a process leaves behind.
    await knex('payments').update({ status: 'created', provider_payment_id: null, confirmation_url: null });
    const again = await deposit(userId, 100, 'same');
    assert.equal(again.body['confirmation_url'], body['confirmation_url']);
    assert.equal(yookassa.payments.size, 1);

    await knex('payments').update({ status: 'created', provider_payment_id: null, confirmation_url: null });
    yookassa.pay(providerId);
    assert.equal((await webhook('payment.succeeded', providerId)).body['status'], 'settled', 'found by its reference');
    assert.deepEqual(await wallet(userId), [20, 0]);
    assert.ok(database.url);
  });

  it('remembers a refusal', async (t) => {
    const { learnerWith, deposit, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    yookassa.failNext({ status: 400 });
    const refused = await deposit(userId, 100, 'same');
    assert.deepEqual([refused.status, refused.body['code']], [409, 'payment_refused']);
    assert.equal((await deposit(userId, 100, 'same')).body['status'], 'failed');
    assert.equal(yookassa.requests.length, 1);
  });
});
