import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { createHttpApp, listen } from '../../platform/http.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { openBooks } from '../../testing/books.ts';
import { handOutBadges } from '../../testing/staff.ts';
import { kopecksOf } from '../money.ts';
import { createPayments } from './payments.ts';
import { createSandbox } from './sandbox.ts';
import { createSandboxPage } from './sandbox-page.ts';

const publicUrl = 'https://ailingva.example';

/** The sandbox in the HTTP application, as the web process mounts it. */
async function open(t: TestContext) {
  const books = await openBooks(t);
  const { knex } = books;
  const log = createSilentLogger();
  const sandbox = createSandbox({ knex, production: false, publicUrl });
  const payments = createPayments({ knex, log, provider: sandbox, publicUrl });
  const notify = (body: unknown) => payments.notify({ provider: 'sandbox', body, ip: '' });
  const badges = handOutBadges(knex);
  const app = createHttpApp({
    routes: payments.routes,
    authenticator: badges.authenticator,
    log,
    metrics: createMetrics('test'),
    publicUrl,
    checkAnswers: true,
    middleware: [createSandboxPage({ sandbox, log, notify })],
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  t.after(() => server.close());
  const userId = await books.learnerWith(0);
  const begin = async (kopecks: number) => {
    const amount = kopecksOf(kopecks);
    const payment = await payments.createDeposit({ userId, amount, idempotencyKey: randomUUID() });
    return { id: payment.id, page: new URL(payment.confirmationUrl ?? '').pathname };
  };
  const visit = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(server.url + path, { redirect: 'manual', ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { ...books, sandbox, payments, badges, userId, begin, visit };
}

describe('the sandbox', () => {
  it('asks whether to pay, and credits what is paid', async (t) => {
    const { begin, visit, wallet, userId, payments, billing } = await open(t);
    const { id, page } = await begin(100_000);
    const shown = await visit(page);
    assert.equal(shown.status, 200);
    assert.match(shown.headers.get('content-security-policy') ?? '', /form-action 'self'/);
    assert.match(shown.text, /₽1,000</);
    assert.ok(shown.text.includes(`action="${page}/pay"`) && shown.text.includes(`action="${page}/decline"`));
    assert.deepEqual(await wallet(userId), [0, 0], 'looking buys nothing');

    const paid = await visit(`${page}/pay`, { method: 'POST' });
    assert.deepEqual([paid.status, paid.headers.get('location')], [303, `${publicUrl}/deposit/${id}`]);
    assert.deepEqual(await wallet(userId), [222.22, 0]);
    for (const button of ['pay', 'decline']) await visit(`${page}/${button}`, { method: 'POST' });
    assert.deepEqual(await wallet(userId), [222.22, 0]);
    assert.equal((await payments.readDeposit({ userId, paymentId: id })).status, 'succeeded');
    assert.match((await visit(page)).text, /is paid/);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('credits nothing that is declined', async (t) => {
    const { begin, visit, wallet, userId, payments, knex } = await open(t);
    const { id, page } = await begin(100_000);
    assert.equal((await visit(`${page}/decline`, { method: 'POST' })).status, 303);
    await visit(`${page}/pay`, { method: 'POST' });
    assert.deepEqual(await wallet(userId), [0, 0]);
    const payment = await payments.readDeposit({ userId, paymentId: id });
    assert.deepEqual([payment.status, payment.reason], ['canceled', 'declined']);
    assert.deepEqual(await knex('payments').pluck('next_check_at'), [null]);
  });

  it('believes no notification either', async (t) => {
    const { begin, visit, wallet, userId } = await open(t);
    const { page } = await begin(100_000);
    const object = { id: page.split('/').at(-1), status: 'succeeded' };
    const forged = await visit('/api/billing/webhooks/sandbox', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'payment.succeeded', object }),
    });
    assert.deepEqual([forged.status, forged.text], [200, '{"status":"settled"}']);
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('gives back', async (t) => {
    const { begin, visit, wallet, userId, payments, badges, billing } = await open(t);
    const { id, page } = await begin(30_000);
    await visit(`${page}/pay`, { method: 'POST' });
    const { userId: actorId } = await badges.hire('admin');
    const request = { paymentId: id, amount: 10_000, kind: 'refund', reason: 'x', actorId, ip: '' } as const;
    for (const idempotencyKey of ['one', 'one', 'two']) await payments.refund({ ...request, idempotencyKey });
    assert.deepEqual(await wallet(userId), [20, 0]);
    await assert.rejects(payments.refund({ ...request, amount: 10_001, idempotencyKey: 'three' }), {
      code: 'refund_too_large',
    });
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('has no other pages', async (t) => {
    const { begin, visit, wallet, userId } = await open(t);
    const { page } = await begin(30_000);
    assert.equal((await visit(`/sandbox/payments/${randomUUID()}`)).status, 404);
    assert.equal((await visit(`/sandbox/payments/${randomUUID()}/pay`, { method: 'POST' })).status, 404);
    assert.equal((await visit('/sandbox/payments/------------------------------------')).status, 404);
    assert.equal((await visit(`${page}/steal`, { method: 'POST' })).status, 404);
    assert.equal((await visit(page, { method: 'POST' })).status, 405);
    assert.equal((await visit(`${page}/pay`)).status, 405);
    const crossSite = { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } };
    assert.equal((await visit(`${page}/pay`, crossSite)).status, 403);
    assert.deepEqual(await wallet(userId), [0, 0]);
  });

  it('speaks the language that the browser asks for', async (t) => {
    const { begin, visit } = await open(t);
    const { page } = await begin(100_050);
    const russian = await visit(page, { headers: { 'accept-language': 'de,ru-RU;q=0.9,en;q=0.8' } });
    assert.match(russian.text, /<html lang="ru">.*Учебный платёж.*1\s000,50\s₽.*Оплатить.*Отказаться/su);
    assert.match((await visit(page)).text, /<html lang="en">.*Sandbox payment.*₽1,000\.50.*Pay.*Decline/su);
    const style = await visit('/sandbox/style.css');
    assert.deepEqual([style.status, style.headers.get('content-type')], [200, 'text/css; charset=utf-8']);
  });

  it('shows what it was told as text', async (t) => {
    const { sandbox, visit } = await open(t);
    const { id } = await sandbox.createPayment({
      paymentId: randomUUID(),
      amount: { hundredths: 100, currency: 'RUB' },
      description: '<script>alert(1)</script>',
      returnUrl: publicUrl,
      receiptTo: undefined,
    });
    const { text } = await visit(`/sandbox/payments/${id}`);
    assert.ok(!text.includes('<script>'));
    assert.ok(text.includes('&#60;script&#62;'));
  });

  it('does not run in production', async (t) => {
    const { knex } = await openBooks(t);
    assert.throws(() => createSandbox({ knex, production: true, publicUrl }), { code: 'sandbox_in_production' });
  });

  it('lets nobody pay where there is no provider', async (t) => {
    const { knex, userId } = await open(t);
    const payments = createPayments({ knex, log: createSilentLogger(), provider: undefined, publicUrl });
    const deposit = { userId, amount: kopecksOf(30_000), idempotencyKey: 'k' };
    await assert.rejects(payments.createDeposit(deposit), { code: 'payments_unavailable' });
    assert.equal((await payments.expire()).failed, 0);
  });
});
