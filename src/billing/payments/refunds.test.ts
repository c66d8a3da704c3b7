import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openCashDesk } from '../../testing/payments/cash-desk.ts';
import { readDebt } from '../debts.ts';

const KINDS = ['refund', 'chargeback'] as const;

describe('money given back', () => {
  it('takes its minutes back', async (t) => {
    const { learnerWith, buy, refund, wallet, look, yookassa, knex, admin } = await openCashDesk(t);
    const userId = await learnerWith(500);
    const { id } = await buy(userId, 1000);
    const { status, body } = await refund(id, { reason: 'did not like it' });
    assert.equal(status, 200);
    assert.deepEqual([body['status'], body['refunded_rub'], body['reversed_minutes']], ['refunded', 1000, 222.22]);
    assert.deepEqual(await wallet(userId), [5, 0]);
    assert.equal((await look(userId, id)).body['status'], 'refunded');
    assert.deepEqual(yookassa.requests.find(({ path }) => path === '/v3/refunds')?.body, {
      payment_id: [...yookassa.payments.keys()][0],
      amount: { value: '1000.00', currency: 'RUB' },
    });
    const { details, ...entry } = await knex('audit_log').first('actor_id', 'action', 'subject_id', 'details');
    assert.deepEqual(entry, { actor_id: admin.userId, action: 'payment.refund', subject_id: id });
    assert.deepEqual(details, {
      amount_kopecks: 100_000,
      reason: 'did not like it',
      before: { refundable_kopecks: 100_000 },
      after: { refundable_kopecks: 0 },
    });
  });

  it('in parts leaves what the rest is worth', async (t) => {
    const { ask, learnerWith, buy, knex, refund, tokenOf, wallet, webhook, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id, providerId } = await buy(userId, 1000);
    const first = await refund(id, { amount_rub: 333.33 });
    assert.deepEqual([first.body['status'], first.body['reversed_minutes']], ['partially_refunded', 74.08]);
    assert.deepEqual(await wallet(userId), [148.14, 0]);
    assert.equal((await refund(id, { amount_rub: 666.68 })).body['code'], 'refund_too_large');
    // In the provider's own office: nobody asked for it here.
    yookassa.giveBack(providerId, '100.00');
    await webhook('payment.succeeded', providerId);
    assert.equal((await refund(id, { amount_rub: 566.67 })).body['status'], 'refunded');
    assert.deepEqual(await wallet(userId), [0, 0]);
    const { body } = await ask('GET', '/api/billing/balance', { token: tokenOf(userId) });
    assert.deepEqual(
      (body['transactions'] as { amount_rub: number | null }[]).map(({ amount_rub: amount }) => amount),
      [-566.67, -100, -333.33, 1000],
      'the roubles stand beside the minutes',
    );
    const returns = await knex('payment_returns').orderBy('id').select('kind', 'amount_kopecks');
    assert.deepEqual(
      returns.map((row) => [row.kind, row.amount_kopecks]),
      [
        ['refund', 33_333],
        ['refund', 10_000],
        ['refund', 56_667],
      ],
    );
    const over = await refund(id, {});
    assert.deepEqual([over.body['code'], over.body['refundable_rub']], ['refund_too_large', 0]);
  });

  for (const kind of KINDS) {
    it(`(${kind}) after the minutes were spent is owed, and the next deposit pays it first`, async (t) => {
      const { billing, learnerWith, buy, refund, wallet, goLive, knex, yookassa } = await openCashDesk(t);
      const userId = await learnerWith(0);
      const { id } = await buy(userId, 15);
      const callId = await goLive(userId);
      await billing.meter.beat(callId, 130_000);
      await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 130_000 });
      await billing.finalizeCall(callId);
      assert.deepEqual(await wallet(userId), [0, 0]);

      const { body } = await refund(id, { kind });
      assert.deepEqual([body['status'], body['reversed_minutes']], ['refunded', 3]);
      assert.equal(body[kind === 'refund' ? 'refunded_rub' : 'charged_back_rub'], 15);
      assert.equal(yookassa.requests.filter(({ path }) => path === '/v3/refunds').length, kind === 'refund' ? 1 : 0);
      assert.equal(await readDebt(knex, userId), 300);

      await buy(userId, 10);
      assert.deepEqual(await wallet(userId), [0, 0]);
      await buy(userId, 10);
      assert.deepEqual(await wallet(userId), [1, 0]);
      assert.equal(await readDebt(knex, userId), 0);
    });

    it(`(${kind}) during a call leaves what is held`, async (t) => {
      const { billing, learnerWith, buy, refund, wallet, goLive, knex } = await openCashDesk(t);
      const userId = await learnerWith(0);
      const { id } = await buy(userId, 50);
      const callId = await goLive(userId);
      await billing.meter.beat(callId, 61_000);
      await refund(id, { kind });
      assert.deepEqual(await wallet(userId), [3, 3]);
      assert.equal(await readDebt(knex, userId), 300);
      assert.deepEqual(await billing.meter.beat(callId, 120_000), { heldMs: 180_000, coveredMs: 180_000 });
      await billing.meter.end(callId, { reason: 'no_minutes', talkedMs: 180_000 });
      assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 3);
      assert.deepEqual(await wallet(userId), [0, 0]);
    });
  }

  it('in the provider’s own cabinet is taken back too', async (t) => {
    const { learnerWith, buy, webhook, wallet, look, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id, providerId } = await buy(userId, 300);
    yookassa.giveBack(providerId, '100.00');
    for (let times = 0; times < 3; times += 1) await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [40, 0]);
    assert.equal((await look(userId, id)).body['status'], 'partially_refunded');
  });

  it('together with a chargeback is never more than what was paid', async (t) => {
    const { learnerWith, buy, refund, webhook, wallet, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id, providerId } = await buy(userId, 300);
    await refund(id, { kind: 'chargeback', amount_rub: 200 });
    assert.equal((await refund(id, { amount_rub: 100.01 })).body['code'], 'refund_too_large');
    yookassa.giveBack(providerId, '300.00');
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await wallet(userId), [0, 0]);
  });
});

describe('a refund asked for', () => {
  it('is done once per key, from however many processes', async (t) => {
    const { learnerWith, buy, payments, anotherProcess, refund, wallet, admin, yookassa, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 300);
    const request = {
      paymentId: id,
      amount: 10_000,
      kind: 'refund',
      reason: 'once',
      idempotencyKey: 'same',
      actorId: admin.userId,
      ip: '',
    } as const;
    const processes = [payments, anotherProcess(), anotherProcess()];
    await Promise.all([...processes, ...processes].map((one) => one.refund(request)));
    assert.deepEqual(await wallet(userId), [40, 0]);
    assert.equal([...yookassa.payments.values()][0]?.refundedHundredths, 10_000);
    assert.equal((await knex('payment_refunds')).length, 1);
    assert.equal((await refund(id, { amount_rub: 50 }, 'same')).body['code'], 'idempotency_key_reused');
  });

  it('at once by two keys never gives back more than there is', async (t) => {
    const { learnerWith, buy, refund, wallet, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 300);
    const answers = await Promise.all([1, 2, 3].map(() => refund(id, { amount_rub: 200 })));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal([...yookassa.payments.values()][0]?.refundedHundredths, 20_000);
    assert.deepEqual(await wallet(userId), [20, 0]);
  });

  it('of which the answer was lost is found by asking again', async (t) => {
    const { learnerWith, buy, refund, wallet, yookassa } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 300);
    yookassa.failNext('cut', 'after the deed', 'hang');
    assert.equal((await refund(id, {}, 'same')).status, 503);
    assert.deepEqual(await wallet(userId), [60, 0], 'not known to be done');
    assert.equal((await refund(id, {}, 'same')).body['status'], 'refunded');
    assert.deepEqual(await wallet(userId), [0, 0]);
    assert.equal([...yookassa.payments.values()][0]?.refundedHundredths, 30_000);
  });

  it('and lost with its process is gone on with by the checks', async (t) => {
    const { learnerWith, buy, refund, wallet, yookassa, payments, age } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 300);
    yookassa.failNext('cut', 'cut', 'cut');
    assert.equal((await refund(id, {})).status, 503);
    await age(id, '2 minutes');
    assert.deepEqual(await payments.expire(), { checked: 1, changed: 1, expired: 0, failed: 0 });
    assert.deepEqual(await wallet(userId), [0, 0]);
    assert.equal([...yookassa.payments.values()][0]?.refundedHundredths, 30_000);
  });

  for (const outcome of ['succeeded', 'canceled'] as const) {
    it(`that the provider thinks over ends ${outcome}`, async (t) => {
      const { learnerWith, buy, refund, wallet, yookassa, payments, age, knex } = await openCashDesk(t);
      const userId = await learnerWith(0);
      const { id } = await buy(userId, 300);
      yookassa.holdRefunds();
      assert.equal((await refund(id, { amount_rub: 100 })).body['status'], 'succeeded');
      assert.equal((await refund(id, { amount_rub: 200.01 })).body['code'], 'refund_too_large');
      await age(id, '2 minutes');
      await payments.expire();
      assert.deepEqual(await wallet(userId), [60, 0]);
      yookassa.finishRefund(outcome);
      await age(id, '2 minutes');
      await payments.expire();
      assert.deepEqual(await wallet(userId), [outcome === 'succeeded' ? 40 : 60, 0]);
      assert.deepEqual(await knex('payment_refunds').pluck('status'), [
        outcome === 'succeeded' ? 'succeeded' : 'failed',
      ]);
      assert.deepEqual(await knex('payments').pluck('next_check_at'), [null]);
    });
  }

  it('that the provider refuses is told, and changes nothing', async (t) => {
    const { learnerWith, buy, refund, wallet, yookassa, knex } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 300);
    yookassa.failNext({ status: 400 });
    assert.deepEqual([(await refund(id, {}, 'same')).body['code'], await wallet(userId)], ['payment_refused', [60, 0]]);
    assert.equal((await refund(id, {}, 'same')).body['code'], 'payment_refused');
    assert.deepEqual(await knex('payment_refunds').pluck('status'), ['failed']);
    assert.equal((await refund(id, {}, 'another')).body['status'], 'refunded');
  });

  it('needs an administrator, a reason, a key and a payment', async (t) => {
    const { ask, learnerWith, buy, deposit, refund, tokenOf, admin } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 300);
    const address = `/api/admin/billing/payments/${id}/refund`;
    const headers = { 'idempotency-key': 'k' };
    assert.equal((await ask('POST', address, { token: tokenOf(userId), body: { reason: 'x' }, headers })).status, 403);
    assert.equal(
      (await ask('POST', address, { token: admin.token, body: { reason: 'x' } })).body['code'],
      'idempotency_key_missing',
    );
    assert.equal((await refund(id, { reason: ' ' })).body['code'], 'request_invalid');
    assert.equal((await refund('01890a5d-ac96-774b-bcce-b302099a8057', {})).body['code'], 'payment_not_found');
    const unpaid = String((await deposit(userId, 100)).body['payment_id']);
    assert.equal((await refund(unpaid, {})).body['code'], 'refund_too_large');
    assert.equal((await refund(unpaid, { kind: 'chargeback' })).body['code'], 'refund_too_large');
  });
});

describe('staff', () => {
  it('see the payments, page by page, and those that wait for them', async (t) => {
    const { ask, admin, learnerWith, deposit, providerIdOf, webhook, yookassa, tokenOf } = await openCashDesk(t);
    const userId = await learnerWith(0);
    const ids: string[] = [];
    for (const roubles of [100, 200, 300]) {
      ids.unshift(String((await deposit(userId, roubles)).body['payment_id']));
    }
    const read = async (query: string): Promise<[string[], unknown]> => {
      const { body, text } = await ask('GET', `/api/admin/billing/payments?${query}`, { token: admin.token });
      assert.ok(Array.isArray(body['payments']), text);
      const found = body['payments'] as { payment_id: string }[];
      return [found.map((payment) => payment.payment_id), body['next_cursor']];
    };
    assert.deepEqual(await read(''), [ids, null]);
    assert.deepEqual(await read('limit=2'), [ids.slice(0, 2), ids[1]]);
    assert.deepEqual(await read(`limit=2&cursor=${ids[1]}`), [ids.slice(2), null]);
    const providerId = await providerIdOf(ids[1]!);
    yookassa.pay(providerId, { currency: 'EUR' });
    await webhook('payment.succeeded', providerId);
    assert.deepEqual(await read('status=mismatch'), [[ids[1]], null]);
    assert.equal((await ask('GET', '/api/admin/billing/payments', { token: tokenOf(userId) })).status, 403);
  });
});

describe('fiscal receipts', () => {
  const receipts = { vatCode: 1, taxSystemCode: 2, paymentMode: 'full_prepayment' } as const;
  const receipt = (email: string, value: string) => ({
    customer: { email },
    items: [
      {
        description: 'Минуты разговора с репетитором AIlingva',
        quantity: 1,
        measure: 'piece',
        amount: { value, currency: 'RUB' },
        vat_code: 1,
        payment_subject: 'service',
        payment_mode: 'full_prepayment',
      },
    ],
    tax_system_code: 2,
  });

  it('go with a payment and with a part that is given back, to the payer; the rest is with the provider', async (t) => {
    const { buy, deposit, knex, learnerWith, refund, yookassa } = await openCashDesk(t, { receipts });
    yookassa.demandReceipts();
    const userId = await learnerWith(0);
    const { email } = await knex('user_accounts').where('id', userId).first('email');
    const [parts, whole, left] = [await buy(userId, 1000), await buy(userId, 1000), await buy(userId, 1000)];
    assert.equal((await refund(parts.id, { amount_rub: 333.33 })).status, 200);
    assert.equal((await refund(whole.id, {})).status, 200);
    assert.deepEqual(
      yookassa.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => (body as { readonly receipt?: unknown }).receipt),
      [
        ...Array.from({ length: 3 }, () => receipt(email, '1000.00')),
        receipt(email, '333.33'),
        // It makes this one from the payment's own.
        undefined,
      ],
    );

    // Nobody is there any more to whom the receipt of a part could go.
    await knex('user_accounts')
      .where('id', userId)
      .update({ email: 'deleted@deleted.invalid', blocked_at: new Date(), deleted_at: new Date() });
    const asked = yookassa.requests.length;
    assert.equal((await refund(left.id, { amount_rub: 1 }, 'a-part')).body['code'], 'payer_unknown');
    assert.equal(yookassa.requests.length, asked);
    assert.equal((await knex('payment_refunds').where('payment_id', left.id)).length, 0);
    assert.equal((await refund(left.id, {})).body['status'], 'refunded');
    assert.equal((await deposit(await learnerWith(0), 100)).status, 201);
  });

  it('of a payer who leaves before the answer comes: the part was perhaps given back, and is not called refused', async (t) => {
    const { age, buy, knex, learnerWith, payments, refund, wallet, yookassa } = await openCashDesk(t, { receipts });
    const userId = await learnerWith(0);
    const { id } = await buy(userId, 300);
    yookassa.failNext('after the deed', 'cut', 'cut');
    assert.equal((await refund(id, { amount_rub: 100 }, 'same')).status, 503);
    await knex('user_accounts')
      .where('id', userId)
      .update({ email: 'deleted@deleted.invalid', blocked_at: new Date(), deleted_at: new Date() });
    assert.equal((await refund(id, { amount_rub: 100 }, 'same')).body['code'], 'payer_unknown');
    await age(id, '2 minutes');
    assert.deepEqual(await payments.expire(), { checked: 1, changed: 1, expired: 0, failed: 0 });
    assert.deepEqual(await knex('payment_refunds').pluck('status'), ['created']);
    assert.deepEqual(await wallet(userId), [40, 0], 'what YooKassa gave back is noticed');
    assert.equal((await refund(id, { amount_rub: 200 })).body['code'], 'refund_too_large');
  });

  it('are not sent, nor is an address, where nothing is set', async (t) => {
    const { deposit, learnerWith, yookassa } = await openCashDesk(t);
    assert.equal((await deposit(await learnerWith(0), 100)).status, 201);
    assert.doesNotMatch(JSON.stringify(yookassa.requests), /receipt|@/);
    yookassa.demandReceipts();
    assert.equal((await deposit(await learnerWith(0), 100)).body['code'], 'payment_refused');
  });
});
