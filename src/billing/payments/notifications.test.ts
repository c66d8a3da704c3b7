import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { deleteAccount } from '../../accounts/deletion.ts';
import { openCashDesk, type CashDesk } from '../../testing/payments/cash-desk.ts';

/** As the learner does who agrees to lose so many minutes. */
function leave({ knex }: CashDesk, userId: string, minutesGivenUp: number): Promise<boolean> {
  const by = { kind: 'self', passwordHash: 'none', minutesGivenUp } as const;
  return deleteAccount(knex, { userId, by, endCalls: async () => {}, onDeleted: async () => {} });
}

describe('a notification', () => {
  it('credits once, however often it comes, from however many processes', async (t) => {
    const { learnerWith, deposit, yookassa, providerIdOf, wallet, knex, payments, anotherProcess, webhook } =
      await openCashDesk(t);
    const userId = await learnerWith(0);
    const { body } = await deposit(userId, 1000);
    const providerId = await providerIdOf(String(body['payment_id']));
    yookassa.pay(providerId);
    const processes = [payments, anotherProcess(), anotherProcess(), anotherProcess()];
    const told = await Promise.all(
      [...processes, ...processes, ...processes].map((one) =>
        one.notify({ provider: 'yookassa', body: yookassa.notification('payment.succeeded', providerId), ip: '::1' }),
      ),
    );
    assert.deepEqual(new Set(told), new Set(['settled']));
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [222.22, 0]);
    assert.equal((await knex('wallet_transactions').where('type', 'deposit')).length, 1);
  });

  it('is not believed: the provider is asked', async (t) => {
    const { learnerWith, deposit, webhook, providerIdOf, wallet, look, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 1000)).body['payment_id']);
    const providerId = await providerIdOf(id);
    assert.equal((await webhook('payment.succeeded', providerId)).body['status'], 'settled');
    assert.deepEqual(await wallet(userId), [0, 0]);
    assert.equal((await look(userId, id)).body['status'], 'pending');
    yookassa.pay(providerId);
    await webhook('payment.canceled', providerId);
    assert.deepEqual(await wallet(userId), [222.22, 0]);
  });

  it('may come in any order', async (t) => {
    const { ask, learnerWith, deposit, webhook, providerIdOf, wallet, look, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    const providerId = await providerIdOf(id);
    yookassa.pay(providerId);
    yookassa.giveBack(providerId, '300.00');
    const refunded = { event: 'refund.succeeded', object: { id: randomUUID(), payment_id: providerId } };
    assert.equal((await ask('POST', '/api/billing/webhooks/yookassa', { body: refunded })).status, 200);
    for (const event of ['payment.succeeded', 'payment.waiting_for_capture', 'payment.canceled']) {
      assert.equal((await webhook(event, providerId)).status, 200);
    }
    assert.equal((await look(userId, id)).body['status'], 'refunded');
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('of what nobody knows changes nothing', async (t) => {
    const { learnerWith, ask, webhook, wallet, yookassa, deposit, providerIdOf } = await openCashDesk(t);
    const userId = await learnerWith(0);
    assert.deepEqual((await webhook('payment.succeeded', randomUUID())).body, { status: 'ignored' });
    // Another shop's, or one whose reference was made up.
    await deposit(userId, 300);
    const id = String((await deposit(userId, 1000)).body['payment_id']);
    const stranger = { ...yookassa.payments.get(await providerIdOf(id))!, id: randomUUID(), metadata: {} };
    (yookassa.payments as Map<string, typeof stranger>).set(stranger.id, stranger);
    yookassa.pay(stranger.id);
    assert.deepEqual((await webhook('payment.succeeded', stranger.id)).body, { status: 'ignored' });
    for (const body of [{}, { event: 'payment.succeeded' }, { event: 'x', object: { id: '../refunds' } }]) {
      const answer = await ask('POST', '/api/billing/webhooks/yookassa', { body });
      assert.deepEqual([answer.status, answer.body['code']], [400, 'notification_invalid']);
    }
    for (const provider of ['sandbox', 'stripe']) {
      const answer = await ask('POST', `/api/billing/webhooks/${provider}`, { body: {} });
      assert.deepEqual([answer.status, answer.body['code']], [404, 'payment_provider_unknown']);
    }
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('is limited in size, and in how often a stranger sends one', async (t) => {
    const { ask, webhook, yookassa } = await openCashDesk(t);
    const large = { event: 'payment.succeeded', object: { id: randomUUID(), more: 'x'.repeat(70_000) } };
    assert.equal((await ask('POST', '/api/billing/webhooks/yookassa', { body: large })).status, 413);
    const answers = [];
    for (let sent = 0; sent < 22; sent += 1) answers.push((await webhook('payment.succeeded', randomUUID())).status);
    assert.deepEqual(answers.slice(-2), [429, 429]);
    assert.equal(yookassa.requests.length, 20);
  });

  it('is to be sent again when the provider cannot be asked', async (t) => {
    const { learnerWith, deposit, webhook, providerIdOf, wallet, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const providerId = await providerIdOf(String((await deposit(userId, 300)).body['payment_id']));
    yookassa.pay(providerId);
    yookassa.failNext({ status: 500 }, { status: 429, retryAfter: 0.01 }, 'hang');
    assert.equal((await webhook('payment.succeeded', providerId)).status, 503);
    yookassa.failNext('garbage');
    assert.equal((await webhook('payment.succeeded', providerId)).body['code'], 'payment_provider_answer_invalid');
    assert.deepEqual(await wallet(userId), [0, 0]);
    assert.equal((await webhook('payment.succeeded', providerId)).status, 200);
    assert.deepEqual(await wallet(userId), [60, 0]);
  });
});

describe('money that is not what was asked for', () => {
  for (const [what, paid, reason] of [
    ['more', { value: '1000.01' }, 'amount_above_asked'],
    ['another currency', { currency: 'USD' }, 'currency_differs'],
    ['nothing', { value: '0.00' }, 'amount_not_positive'],
    ['a kopeck that buys nothing', { value: '0.01' }, 'amount_buys_nothing'],
  ] as const) {
    it(`(${what}) is left to staff, and nothing is credited`, async (t) => {
      const { learnerWith, deposit, webhook, providerIdOf, wallet, look, yookassa, knex } = await openCashDesk(t);
      const userId = await learnerWith(0);
      const id = String((await deposit(userId, 1000)).body['payment_id']);
      const providerId = await providerIdOf(id);
      yookassa.pay(providerId, paid);
      for (let times = 0; times < 2; times += 1) await webhook('payment.succeeded', providerId);
      assert.equal((await look(userId, id)).body['status'], 'mismatch');
      assert.deepEqual(await wallet(userId), [0, 0]);
      assert.equal((await knex('payments').where({ id }).first('reason')).reason, reason);
    });
  }

  it('can be given back', async (t) => {
    const { learnerWith, deposit, webhook, providerIdOf, wallet, yookassa, refund } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 1000)).body['payment_id']);
    const providerId = await providerIdOf(id);
    yookassa.pay(providerId, { value: '90.00', currency: 'USD' });
    await webhook('payment.succeeded', providerId);
    const { body, status } = await refund(id, {});
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body['status'], body['refunded_rub'], body['captured_currency']], ['refunded', 90, 'USD']);
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('of another payment of ours is not taken for this one', async (t) => {
    const { learnerWith, deposit, webhook, providerIdOf, wallet, look, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 1000)).body['payment_id']);
    const providerId = await providerIdOf(id);
    const stored = yookassa.payments.get(providerId) as { metadata: unknown };
    stored.metadata = { payment_id: randomUUID() };
    yookassa.pay(providerId);
    await webhook('payment.succeeded', providerId);
    assert.equal((await look(userId, id)).body['status'], 'mismatch');
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('that is less buys what it is worth, without the discount it did not reach', async (t) => {
    const { learnerWith, deposit, webhook, providerIdOf, wallet, look, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 1000)).body['payment_id']);
    const providerId = await providerIdOf(id);
    yookassa.pay(providerId, { value: '999.99' });
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [199.99, 0]);
    assert.equal((await look(userId, id)).body['minutes'], 199.99);
  });

  it('that was only set aside is captured, and asked for again when that fails', async (t) => {
    const { learnerWith, deposit, webhook, providerIdOf, wallet, yookassa, look } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    const providerId = await providerIdOf(id);
    yookassa.authorize(providerId);
    yookassa.failNext('none', { status: 400 });
    assert.equal((await webhook('payment.waiting_for_capture', providerId)).body['code'], 'payment_refused');
    assert.deepEqual([(await look(userId, id)).body['status'], await wallet(userId)], ['succeeded', [60, 0]]);
    assert.equal(yookassa.payments.get(providerId)?.status, 'succeeded');
  });

  it('and was only set aside is not taken', async (t) => {
    const { learnerWith, deposit, webhook, providerIdOf, wallet, yookassa, look } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    const providerId = await providerIdOf(id);
    yookassa.pay(providerId, { currency: 'USD' });
    yookassa.authorize(providerId);
    await webhook('payment.waiting_for_capture', providerId);
    assert.equal((await look(userId, id)).body['status'], 'mismatch');
    assert.equal(yookassa.payments.get(providerId)?.status, 'waiting_for_capture');
    yookassa.cancel(providerId);
    await webhook('payment.canceled', providerId);
    assert.equal((await look(userId, id)).body['status'], 'canceled');
    assert.deepEqual(await wallet(userId), [0, 0]);
  });
});

describe('money for somebody who deleted their account', () => {
  it('is kept, shown to staff and given back, and credited to nobody', async (t) => {
    const desk = await openCashDesk(t);
    const { ask, admin, deposit, knex, learnerWith, providerIdOf, refund, wallet, webhook, yookassa } = desk;
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 1000)).body['payment_id']);
    const providerId = await providerIdOf(id);
    assert.equal(await leave(desk, userId, 0), true);
    yookassa.pay(providerId);
    assert.equal((await webhook('payment.succeeded', providerId)).body['status'], 'settled');
    await webhook('payment.succeeded', providerId);

    assert.deepEqual(await wallet(userId), [0, 0]);
    const { body } = await ask('GET', '/api/admin/billing/payments?status=mismatch', { token: admin.token });
    const [shown] = body['payments'] as Record<string, unknown>[];
    assert.deepEqual(
      [shown?.['payment_id'], shown?.['captured_rub'], shown?.['reason'], shown?.['user_id']],
      [id, 1000, 'account_deleted', userId],
    );
    const part = await refund(id, { amount_rub: 400 });
    assert.deepEqual([part.body['status'], part.body['refunded_rub']], ['mismatch', 400], part.text);
    const rest = await refund(id, {});
    assert.deepEqual([rest.body['status'], rest.body['refunded_rub']], ['refunded', 1000], rest.text);
    assert.equal((await knex('wallet_transactions').where('user_account_id', userId)).length, 0);
  });

  it('is not even taken where it is only set aside', async (t) => {
    const desk = await openCashDesk(t);
    const { deposit, learnerWith, look, providerIdOf, webhook, yookassa } = desk;
    const userId = await learnerWith(0);
    const id = String((await deposit(userId, 300)).body['payment_id']);
    const providerId = await providerIdOf(id);
    await leave(desk, userId, 0);
    yookassa.authorize(providerId);
    await webhook('payment.waiting_for_capture', providerId);
    assert.equal((await look(userId, id)).body['status'], 'mismatch');
    assert.equal(yookassa.payments.get(providerId)?.status, 'waiting_for_capture');
  });

  it('is on the balance that they are told of, or with staff, when both happen at once', async (t) => {
    const desk = await openCashDesk(t);
    const { anotherProcess, deposit, knex, learnerWith, payments, providerIdOf, wallet, yookassa } = desk;
    const processes = [payments, anotherProcess()];
    const outcomes = new Set<string>();
    // The provider is asked first, so a deletion has to be somewhat late to meet the credit.
    const later = async (visits: number): Promise<void> => {
      for (let visit = 0; visit < visits; visit += 1) await knex.raw('SELECT 1');
    };
    for (let round = 0; round < 12; round += 1) {
      const userId = await learnerWith(0);
      const id = String((await deposit(userId, 1000)).body['payment_id']);
      const providerId = await providerIdOf(id);
      yookassa.pay(providerId);
      const body = yookassa.notification('payment.succeeded', providerId);
      const [left] = await Promise.allSettled([
        later(round * 2).then(() => leave(desk, userId, 0)),
        ...processes.map((one) => one.notify({ provider: 'yookassa', body, ip: '::1' })),
      ]);
      const { status, captured_kopecks: captured } = await knex('payments').where('id', id).first();
      const [balance] = await wallet(userId);
      outcomes.add(status);
      assert.equal(captured, 100_000);
      if (left.status === 'fulfilled') assert.deepEqual([status, balance], ['mismatch', 0]);
      else {
        assert.equal((left.reason as { code?: string }).code, 'balance_not_given_up');
        assert.deepEqual([status, balance], ['succeeded', 222.22]);
      }
    }
    t.diagnostic(`ended as ${[...outcomes].join(' and ')}`);
  });
});
