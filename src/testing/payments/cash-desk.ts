import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createPayments, createYookassa, type Payments } from '../../billing/index.ts';
import type { ReceiptTerms } from '../../billing/payments/yookassa-receipt.ts';
import { connectDatabase } from '../../platform/database.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { createMetrics, type Metrics } from '../../platform/metrics.ts';
import { serveApi, type ApiAnswer, type Ask } from '../api.ts';
import { openBooks, type Books } from '../books.ts';
import { handOutBadges } from '../staff.ts';
import { startYookassaServer, type YookassaServer } from './yookassa-server.ts';

/** Payments through YooKassa's protocol behind HTTP, on books that must hold after the test. */
export interface CashDesk extends Books {
  readonly yookassa: YookassaServer;
  readonly payments: Payments;
  readonly metrics: Metrics;
  readonly ask: Ask;
  readonly admin: { readonly userId: string; readonly token: string };
  readonly tokenOf: (userId: string) => string;
  /** Begins a payment. */
  readonly deposit: (userId: string, roubles: number, key?: string) => Promise<ApiAnswer>;
  /** How it stands, as its owner sees it. */
  readonly look: (userId: string, paymentId: string) => Promise<ApiAnswer>;
  /** What YooKassa tells of its payment, or says of an id that is not its own. */
  readonly webhook: (event: string, providerPaymentId: string) => Promise<ApiAnswer>;
  readonly refund: (paymentId: string, body: Readonly<Record<string, unknown>>, key?: string) => Promise<ApiAnswer>;
  /** Begins a payment, has it paid, and tells of it. Answers our id and YooKassa's. */
  readonly buy: (userId: string, roubles: number) => Promise<{ readonly id: string; readonly providerId: string }>;
  readonly providerIdOf: (paymentId: string) => Promise<string>;
  /** The same service in another process: connections of its own. */
  readonly anotherProcess: () => Payments;
  /** As if so much time had passed since the payment was begun. */
  readonly age: (paymentId: string, interval: string) => Promise<void>;
}

/** Gives up fast. */
const RETRIES = { attempts: 3, timeoutMs: 300, pauseMs: 1, deadlineMs: 5_000 };

export async function openCashDesk(
  t: TestContext,
  { receipts }: { readonly receipts?: ReceiptTerms } = {},
): Promise<CashDesk> {
  let opened: Books | undefined;
  // Before the database registers its own end: hooks run in the order of their registration.
  t.after(async () => assert.deepEqual(await opened?.billing.checkInvariants(), []));
  const books = await openBooks(t);
  opened = books;
  const { knex, database } = books;
  const yookassa = await startYookassaServer(t);
  const log = createSilentLogger();
  const publicUrl = 'https://ailingva.example';
  const createProvider = () => createYookassa(yookassa, { log, receipts, retries: RETRIES });
  const metrics = createMetrics('test');
  const payments = createPayments({ knex, log, metrics, provider: createProvider(), publicUrl });
  const badges = handOutBadges(knex);
  const ask = await serveApi(t, {
    routes: [...books.billing.routes, ...payments.routes],
    authenticator: badges.authenticator,
  });
  const admin = await badges.hire('admin');
  let keys = 0;

  const ownerSql = connectDatabase({
    url: database.url,
    poolSize: 1,
    applicationName: 'ailingva test owner',
    role: null,
  });
  t.after(() => ownerSql.close());

  const desk: CashDesk = {
    ...books,
    yookassa,
    payments,
    metrics,
    ask,
    admin,
    tokenOf: (userId) => badges.tokenOf(userId),
    deposit: (userId, roubles, key = `key-${keys++}`) =>
      ask('POST', '/api/billing/deposits', {
        token: badges.tokenOf(userId),
        body: { amount_rub: roubles },
        headers: { 'idempotency-key': key },
      }),
    look: (userId, paymentId) => ask('GET', `/api/billing/deposits/${paymentId}`, { token: badges.tokenOf(userId) }),
    webhook: (event, id) =>
      ask('POST', '/api/billing/webhooks/yookassa', {
        body: yookassa.payments.has(id)
          ? yookassa.notification(event, id)
          : { type: 'notification', event, object: { id, status: 'succeeded', paid: true } },
      }),
    refund: (paymentId, body, key = `refund-${keys++}`) =>
      ask('POST', `/api/admin/billing/payments/${paymentId}/refund`, {
        token: admin.token,
        body: { reason: 'asked for', ...body },
        headers: { 'idempotency-key': key },
      }),
    async buy(userId, roubles) {
      const { status, body, text } = await desk.deposit(userId, roubles);
      assert.equal(status, 201, text);
      const id = String(body['payment_id']);
      const providerId = await desk.providerIdOf(id);
      yookassa.pay(providerId);
      assert.equal((await desk.webhook('payment.succeeded', providerId)).body['status'], 'settled');
      return { id, providerId };
    },
    async providerIdOf(paymentId) {
      const row: { id: string | null } | undefined = await knex('payments')
        .where('id', paymentId)
        .first('provider_payment_id as id');
      return row?.id ?? '';
    },
    anotherProcess() {
      const other = connectDatabase({ url: database.url, poolSize: 3, applicationName: 'ailingva test' });
      t.after(() => other.close());
      return createPayments({ knex: other.knex, log, provider: createProvider(), publicUrl });
    },
    async age(paymentId, interval) {
      await ownerSql.knex.raw(
        `UPDATE payments SET created_at = created_at - :passed::interval, closed_at = closed_at - :passed::interval,
           checked_at = checked_at - :passed::interval,
           next_check_at = CASE WHEN next_check_at IS NOT NULL THEN now() - interval '1 second' END
         WHERE id = :paymentId`,
        { paymentId, passed: interval },
      );
    },
  };
  return desk;
}
