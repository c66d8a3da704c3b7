import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { LivedClock } from '../../testing/lived-clock.ts';
import { startYookassaServer, type Failure } from '../../testing/payments/yookassa-server.ts';
import { createYookassa } from './yookassa.ts';
import type { RetryPolicy } from './yookassa-client.ts';

const RETRIES: RetryPolicy = { attempts: 3, timeoutMs: 300, pauseMs: 1, deadlineMs: 60_000 };
const ORDER = {
  paymentId: '01890a5d-ac96-774b-bcce-b302099a8057',
  amount: { hundredths: 10_005, currency: 'RUB' },
  description: 'AIlingva: 20 min',
  returnUrl: 'https://ailingva.example/account',
  receiptTo: undefined,
};

async function open(t: TestContext, retries: Partial<RetryPolicy> = {}, secretKey?: string) {
  const server = await startYookassaServer(t);
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = pino({ level: 'trace' }, sink);
  const access = { ...server, ...(secretKey !== undefined && { secretKey }) };
  return {
    server,
    yookassa: createYookassa(access, { log, clock: new LivedClock(), retries: { ...RETRIES, ...retries } }),
    logged: () => lines.join(''),
  };
}

describe('YooKassa', () => {
  it('is told and asked in its own words', async (t) => {
    const { server, yookassa } = await open(t);
    const created = await yookassa.createPayment(ORDER);
    assert.deepEqual(created, {
      id: created.id,
      status: 'pending',
      amount: { hundredths: 10_005, currency: 'RUB' },
      refunded: 0,
      reference: ORDER.paymentId,
      confirmationUrl: `https://yoomoney.example/checkout?order=${created.id}`,
      reason: undefined,
    });
    server.pay(created.id);
    const refund = await yookassa.refund({
      providerPaymentId: created.id,
      amount: { hundredths: 5, currency: 'RUB' },
      whole: false,
      key: 'a refund',
      receiptTo: undefined,
    });
    assert.equal(refund.status, 'succeeded');
    assert.deepEqual(await yookassa.readRefund(refund.id), refund);
    const read = await yookassa.readPayment(created.id);
    assert.deepEqual([read?.status, read?.refunded], ['succeeded', 5]);
    assert.equal(await yookassa.readPayment('none'), undefined);
    server.cancel(created.id, 'fraud_suspected');
    assert.equal((await yookassa.readPayment(created.id))?.reason, 'fraud_suspected');
    server.authorize(created.id);
    const captured = await yookassa.capture(created.id, { amount: { hundredths: 900, currency: 'RUB' }, key: 'c' });
    assert.deepEqual([captured.status, captured.amount.hundredths], ['succeeded', 900]);
  });

  it('does the same once under the same key', async (t) => {
    const { server, yookassa } = await open(t);
    const [one, other] = [await yookassa.createPayment(ORDER), await yookassa.createPayment(ORDER)];
    assert.equal(one.id, other.id);
    await assert.rejects(yookassa.createPayment({ ...ORDER, amount: { hundredths: 1, currency: 'RUB' } }), {
      code: 'payment_refused',
      retryable: false,
    });
    assert.equal(server.payments.size, 1);
  });

  for (const failures of [
    [{ status: 500 }, { status: 503 }],
    [{ status: 429 }, { status: 429, retryAfter: 0.01 }],
    ['cut', 'after the deed'],
    ['hang', 'cut'],
  ] as const satisfies readonly Failure[][]) {
    it(`is asked again after ${JSON.stringify(failures)}`, async (t) => {
      const { server, yookassa } = await open(t);
      server.failNext(...failures);
      const { id } = await yookassa.createPayment(ORDER);
      assert.deepEqual([...server.payments.keys()], [id]);
      assert.deepEqual(
        server.requests.map(({ key }) => key),
        [ORDER.paymentId, ORDER.paymentId, ORDER.paymentId],
      );
    });
  }

  it('is not asked for ever', async (t) => {
    const { server, yookassa } = await open(t);
    server.failNext('hang', 'cut', { status: 500 });
    await assert.rejects(yookassa.createPayment(ORDER), { code: 'payment_provider_unavailable', retryable: true });
    assert.equal(server.requests.length, 3);
    server.failNext({ status: 429, retryAfter: 3_600 });
    await assert.rejects(yookassa.readPayment('x'), { code: 'payment_provider_unavailable' });
    assert.equal(server.requests.length, 4, 'nobody waits an hour');
  });

  it('is let go of at the deadline, or when nobody waits any more', async (t) => {
    const { server, yookassa } = await open(t, { timeoutMs: 60_000, deadlineMs: 200 });
    server.failNext('hang', 'hang');
    await assert.rejects(yookassa.readPayment('x'), { code: 'payment_provider_unavailable' });
    const waiting = new AbortController();
    const { yookassa: patient, server: other } = await open(t, { timeoutMs: 60_000, deadlineMs: 60_000 });
    other.failNext('hang');
    const answer = patient.readPayment('x', { signal: waiting.signal });
    waiting.abort();
    await assert.rejects(answer, { code: 'payment_provider_unavailable' });
  });

  it('that says no is not asked again', async (t) => {
    for (const [status, code] of [
      [400, 'payment_refused'],
      [404, 'payment_refused'],
      [403, 'payment_provider_misconfigured'],
    ] as const) {
      const { server, yookassa } = await open(t);
      server.failNext({ status });
      await assert.rejects(yookassa.createPayment(ORDER), { code, retryable: false });
      assert.equal(server.requests.length, 1);
    }
    const { yookassa } = await open(t, {}, 'wrong');
    await assert.rejects(yookassa.readPayment('x'), { code: 'payment_provider_misconfigured' });
  });

  it('is not understood when it answers something else', async (t) => {
    const { server, yookassa } = await open(t);
    server.failNext('garbage');
    await assert.rejects(yookassa.createPayment(ORDER), { code: 'payment_provider_answer_invalid', retryable: true });
  });

  it('leaves no secret and no address in the log', async (t) => {
    const { server, yookassa, logged } = await open(t);
    server.failNext('cut', { status: 500 }, { status: 400 });
    await assert.rejects(yookassa.createPayment(ORDER));
    assert.match(logged(), /no certain answer/);
    assert.match(logged(), /refused a request/);
    for (const secret of [server.secretKey, Buffer.from(`${server.shopId}:${server.secretKey}`).toString('base64')]) {
      assert.ok(!logged().includes(secret));
    }
    assert.ok(!logged().includes(ORDER.paymentId));
  });

  it('names a payment in every notification', async (t) => {
    const { yookassa } = await open(t);
    const of = (body: unknown): string => yookassa.parseNotification(body).paymentId;
    assert.equal(of({ type: 'notification', event: 'payment.succeeded', object: { id: 'p-1' } }), 'p-1');
    assert.equal(of({ event: 'refund.succeeded', object: { id: 'r-1', payment_id: 'p-2' } }), 'p-2');
    for (const wrong of [
      null,
      {},
      { event: 'payout.succeeded', object: { id: 'x' } },
      { event: 'payment.succeeded', object: { id: 'a/b' } },
    ]) {
      assert.throws(() => of(wrong), { code: 'notification_invalid' });
    }
  });
});
