import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openCashDesk } from '../../testing/payments/cash-desk.ts';

const NOTHING = { checked: 0, changed: 0, expired: 0, failed: 0 };

describe('the checks of payments', () => {
  it('credit what nobody told of', async (t) => {
    const { learnerWith, deposit, providerIdOf, yookassa, payments, wallet, age } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    assert.deepEqual(await payments.expire(), NOTHING, 'the payer is still at it');
    yookassa.pay(await providerIdOf(id));
    await age(id, '1 minute');
    assert.deepEqual(await payments.expire(), { ...NOTHING, checked: 1, changed: 1 });
    assert.deepEqual(await wallet(userId), [60, 0]);
    await age(id, '1 day');
    assert.deepEqual(await payments.expire(), NOTHING, 'and ask no more');
  });

  it('are made by several processes at a time, each payment by one', async (t) => {
    const { learnerWith, deposit, payments, anotherProcess, age } = await openCashDesk(t);
    const userId = await learnerWith(0);
    for (let made = 0; made < 6; made += 1) {
      await age(String((await deposit(userId, 300 + made)).body['payment_id']), '1 minute');
    }
    const reports = await Promise.all([payments, anotherProcess(), anotherProcess()].map((one) => one.expire()));
    assert.equal(
      reports.reduce((sum, { checked }) => sum + checked, 0),
      6,
    );
  });

  it('note what the provider cancelled', async (t) => {
    const { learnerWith, deposit, look, providerIdOf, yookassa, payments, age, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    yookassa.cancel(await providerIdOf(id));
    await age(id, '1 minute');
    await payments.expire();
    const { body } = await look(userId, id);
    assert.deepEqual([body['status'], body['confirmation_url']], ['canceled', null]);
    assert.equal((await knex('payments').first('reason')).reason, 'expired_on_confirmation');
  });

  it('give up what nobody pays, and credit it yet when the money comes late', async (t) => {
    const { learnerWith, deposit, look, providerIdOf, yookassa, payments, wallet, age } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    await age(id, '25 hours');
    assert.deepEqual(await payments.expire(), { ...NOTHING, checked: 1, expired: 1 });
    assert.equal((await look(userId, id)).body['status'], 'expired');
    yookassa.pay(await providerIdOf(id));
    await age(id, '2 days');
    assert.deepEqual(await payments.expire(), { ...NOTHING, checked: 1, changed: 1 });
    assert.deepEqual(await wallet(userId), [60, 0]);
  });

  it('ask about what was given up for a week', async (t) => {
    const { learnerWith, deposit, providerIdOf, yookassa, payments, wallet, age, webhook } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    await age(id, '25 hours');
    await payments.expire();
    await age(id, '8 days');
    assert.equal((await payments.expire()).checked, 1);
    await age(id, '2 days');
    assert.equal((await payments.expire()).checked, 0);
    const providerId = await providerIdOf(id);
    yookassa.pay(providerId);
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [60, 0], 'a notification still brings it');
  });

  it('give up what the provider never answered', async (t) => {
    const { learnerWith, deposit, yookassa, payments, age, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    yookassa.failNext({ status: 500 }, { status: 500 }, { status: 500 });
    assert.equal((await deposit(userId, 300)).status, 503);
    const [id] = (await knex('payments').pluck('id')) as [string];
    await age(id, '30 minutes');
    assert.deepEqual(await payments.expire(), { ...NOTHING, checked: 1 });
    await age(id, '31 minutes');
    assert.deepEqual(await payments.expire(), { ...NOTHING, checked: 1, expired: 1 });
    assert.deepEqual(await knex('payments').pluck('next_check_at'), [null]);
  });

  it('ask again soon after a provider that was away, though the payment is old', async (t) => {
    const { learnerWith, deposit, yookassa, payments, age, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    await age(String((await deposit(userId, 300)).body['payment_id']), '3 hours');
    yookassa.failNext({ status: 503 }, 'cut', 'hang');
    assert.equal((await payments.expire()).failed, 1);
    const [row] = await knex('payments').select(
      knex.raw(`next_check_at - checked_at BETWEEN interval '10 seconds' AND interval '5 minutes' AS soon`),
    );
    assert.equal(row?.soon, true);
  });

  it('stop at a provider that is away, and when they are told to', async (t) => {
    const { learnerWith, deposit, yookassa, payments, age } = await openCashDesk(t);
    const userId = await learnerWith(0);
    for (const roubles of [300, 301]) {
      await age(String((await deposit(userId, roubles)).body['payment_id']), '1 minute');
    }
    yookassa.failNext({ status: 503 }, 'cut', 'hang');
    assert.deepEqual(await payments.expire(), { ...NOTHING, checked: 1, failed: 1 });
    assert.deepEqual(await payments.expire(AbortSignal.abort()), NOTHING);
    assert.deepEqual(await payments.expire(), { ...NOTHING, checked: 1 });
  });
});

describe('somebody who comes back from paying', () => {
  it('sees it at once, but cannot make us ask at every look', async (t) => {
    const { learnerWith, deposit, look, providerIdOf, yookassa, wallet, age } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    const asked = (): number => yookassa.requests.filter(({ method }) => method === 'GET').length;
    await Promise.all([1, 2, 3, 4].map(() => look(userId, id)));
    assert.equal(asked(), 1);
    yookassa.pay(await providerIdOf(id));
    await age(id, '3 seconds');
    assert.equal((await look(userId, id)).body['status'], 'succeeded');
    assert.deepEqual(await wallet(userId), [60, 0]);
  });

  it('sees the last that is known when the provider is away', async (t) => {
    const { learnerWith, deposit, look, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    yookassa.failNext('cut', 'cut', 'cut');
    assert.equal((await look(userId, id)).body['status'], 'pending');
  });
});
