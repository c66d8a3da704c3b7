import type { Knex } from 'knex';
import { writeAudit } from '../../platform/audit.ts';
import { AppError } from '../../platform/errors.ts';
import { roublesToJson, kopecksOf } from '../money.ts';
import { selectRow, selectRows } from '../sql.ts';
import { paymentNotFound } from './deposits.ts';
import { chargeBack } from './payment-state.ts';
import { lockPayment, readReceiptAddress, type Payment } from './payment-rows.ts';
import {
  isPayerUnknown,
  isRefusal,
  payerUnknown,
  paymentRefused,
  type CallOptions,
  type PaymentProvider,
  type ProviderRefund,
} from './provider.ts';
import { applyChange, refresh, reread, type SettlementOptions } from './settlement.ts';

export interface RefundOptions extends SettlementOptions {
  readonly provider: PaymentProvider | undefined;
}

export interface RefundRequest {
  readonly paymentId: string;
  /** Without it, all that is left. */
  readonly amount: number | undefined;
  /** `chargeback`: the payer's bank has taken the money already; nothing is sent to the provider. */
  readonly kind: 'refund' | 'chargeback';
  readonly reason: string;
  readonly idempotencyKey: string;
  readonly actorId: string;
  readonly ip: string;
}

interface Refund {
  readonly id: string;
  readonly payment_id: string;
  readonly kind: 'refund' | 'chargeback';
  readonly status: 'created' | 'pending' | 'succeeded' | 'failed';
  readonly amount_kopecks: number;
  readonly provider_refund_id: string | null;
}

const REFUND_DEADLINE_MS = 25_000;
/** The provider forgets keys after a day; until well before that the same refund may be asked for again. */
const ASK_AGAIN_HOURS = 20;

/**
 * Gives money back, and takes its minutes back as far as they are there; the rest is owed. The same key again goes on
 * where the first attempt stopped.
 * @throws AppError `payment_not_found`, `refund_too_large`, `idempotency_key_reused`, `payer_unknown`, and the provider's
 */
export async function refundPayment(options: RefundOptions, request: RefundRequest): Promise<Payment> {
  const { knex, provider } = options;
  const { payment, refund } = await openRefund(options, request);
  if (refund.kind === 'chargeback') return reread(knex, payment.id);
  if (refund.status === 'failed') throw paymentRefused();
  if (provider?.name !== payment.provider) throw providerGone();
  const call = { signal: AbortSignal.timeout(REFUND_DEADLINE_MS) };
  if (refund.status === 'created') await askForRefund({ ...options, provider }, payment, refund, call);
  return refresh({ ...options, provider }, payment, call);
}

async function openRefund(
  options: RefundOptions,
  request: RefundRequest,
): Promise<{ readonly payment: Payment; readonly refund: Refund }> {
  return options.knex.transaction(async (transaction) => {
    const payment = await lockPayment(transaction, request.paymentId);
    if (!payment) throw paymentNotFound();
    const earlier = await selectRow<Refund>(
      transaction,
      'SELECT * FROM payment_refunds WHERE payment_id = :id AND idempotency_key = :key',
      { id: payment.id, key: request.idempotencyKey },
    );
    if (earlier) return { payment, refund: same(earlier, request) };

    const free = await readRefundable(transaction, payment);
    const amount = request.amount ?? free;
    if (amount > free || amount <= 0) throw tooLarge(free);
    if (request.kind === 'refund') await requirePayer(transaction, options.provider, payment, amount);
    const refund = await insertRefund(transaction, request, amount);
    await writeAudit(transaction, {
      actorId: request.actorId,
      action: `payment.${request.kind}`,
      subject: { type: 'payment', id: payment.id },
      details: {
        amount_kopecks: amount,
        reason: request.reason,
        before: { refundable_kopecks: free },
        after: { refundable_kopecks: free - amount },
      },
      ip: request.ip,
    });
    if (request.kind === 'chargeback') {
      const change = chargeBack(payment, amount);
      if (change) await applyChange(transaction, payment, change, { actorId: request.actorId });
    } else {
      await transaction('payments')
        .where('id', payment.id)
        .update({ next_check_at: transaction.raw(`clock_timestamp() + interval '1 minute'`) });
    }
    return { payment, refund };
  });
}

/** What of the captured money nobody has taken back, or is about to: by the provider's books and by ours. */
async function readRefundable(transaction: Knex.Transaction, payment: Payment): Promise<number> {
  const row = await selectRow<{ done: number; open: number }>(
    transaction,
    `SELECT coalesce(sum(amount_kopecks) FILTER (WHERE status = 'succeeded'), 0)::bigint AS done,
       coalesce(sum(amount_kopecks) FILTER (WHERE status IN ('created', 'pending')), 0)::bigint AS open
     FROM payment_refunds WHERE payment_id = :id AND kind = 'refund'`,
    { id: payment.id },
  );
  const { done = 0, open = 0 } = row ?? {};
  return (payment.captured ?? 0) - payment.chargedBack - Math.max(payment.refunded, done) - open;
}

/** @throws AppError `payer_unknown` */
async function requirePayer(
  transaction: Knex.Transaction,
  provider: PaymentProvider | undefined,
  payment: Payment,
  amount: number,
): Promise<void> {
  if (!provider?.sendsReceipts || isWhole(payment, amount)) return;
  if ((await readReceiptAddress(transaction, provider, payment.userId)) === undefined) throw payerUnknown();
}

function isWhole(payment: Payment, amount: number): boolean {
  return amount === payment.captured;
}

async function insertRefund(transaction: Knex.Transaction, request: RefundRequest, amount: number): Promise<Refund> {
  const row = await selectRow<Refund>(
    transaction,
    `INSERT INTO payment_refunds (payment_id, kind, status, amount_kopecks, idempotency_key, actor_id, reason)
     VALUES (:paymentId, :kind, :status, :amount, :key, :actorId, :reason) RETURNING *`,
    {
      paymentId: request.paymentId,
      kind: request.kind,
      status: request.kind === 'chargeback' ? 'succeeded' : 'created',
      amount,
      key: request.idempotencyKey,
      actorId: request.actorId,
      reason: request.reason,
    },
  );
  if (!row) throw new Error('INSERT … RETURNING gave no row');
  return row;
}

async function askForRefund(
  { knex, provider }: RefundOptions & { readonly provider: PaymentProvider },
  payment: Payment,
  refund: Refund,
  call: CallOptions,
): Promise<ProviderRefund> {
  if (payment.providerPaymentId === undefined) throw new Error('What was captured is known to its provider');
  try {
    const amount = { hundredths: refund.amount_kopecks, currency: payment.capturedCurrency ?? payment.currency };
    const order = {
      providerPaymentId: payment.providerPaymentId,
      amount,
      whole: isWhole(payment, refund.amount_kopecks),
      key: refund.id,
      receiptTo: await readReceiptAddress(knex, provider, payment.userId),
    };
    const answered = await provider.refund(order, call);
    await writeAnswer(knex, refund, answered);
    return answered;
  } catch (thrown) {
    if (isRefusal(thrown)) {
      await knex('payment_refunds').where({ id: refund.id, status: 'created' }).update({ status: 'failed' });
    }
    throw thrown;
  }
}

async function writeAnswer(knex: Knex, refund: Refund, answered: ProviderRefund): Promise<void> {
  const status = answered.status === 'canceled' ? 'failed' : answered.status;
  await knex('payment_refunds')
    .where('id', refund.id)
    .whereIn('status', ['created', 'pending'])
    .update({ status, provider_refund_id: answered.id });
}

/** Brings a payment's refunds under way on: those that were perhaps never sent, and those that the provider is at. */
export async function continueRefunds(
  options: RefundOptions & { readonly provider: PaymentProvider },
  payment: Payment,
  call: CallOptions,
): Promise<void> {
  const { knex, provider, log } = options;
  const open = await selectRows<Refund & { forgotten: boolean }>(
    knex,
    `SELECT *, created_at < now() - make_interval(hours => :hours) AS forgotten FROM payment_refunds
     WHERE payment_id = :id AND status IN ('created', 'pending') ORDER BY id`,
    { id: payment.id, hours: ASK_AGAIN_HOURS },
  );
  for (const refund of open) {
    if (refund.provider_refund_id !== null) {
      const answered = await provider.readRefund(refund.provider_refund_id, call);
      if (answered) await writeAnswer(knex, refund, answered);
    } else if (refund.forgotten) {
      // Whether it was done shows in what the provider says was given back; asked again now, it might be done twice.
      await knex('payment_refunds').where({ id: refund.id, status: 'created' }).update({ status: 'failed' });
      log.error({ paymentId: payment.id, refundId: refund.id }, 'A refund was never answered; staff must look');
    } else {
      await askForRefund(options, payment, refund, call).catch((error: unknown) => {
        // Whoever left since it was first asked for: perhaps it was done then. It stays open until it is forgotten.
        if (!isRefusal(error) && !isPayerUnknown(error)) throw error;
      });
    }
  }
}

function same(refund: Refund, { kind, amount }: RefundRequest): Refund {
  if (refund.kind === kind && (amount === undefined || amount === refund.amount_kopecks)) return refund;
  throw new AppError({
    code: 'idempotency_key_reused',
    kind: 'conflict',
    message: 'This idempotency key was used for another refund.',
  });
}

function tooLarge(free: number): AppError {
  return new AppError({
    code: 'refund_too_large',
    kind: 'conflict',
    message: 'There is not so much of this payment to give back.',
    details: { refundable_rub: roublesToJson(kopecksOf(Math.max(0, free))) },
  });
}

function providerGone(): AppError {
  return new AppError({
    code: 'payment_provider_not_configured',
    kind: 'conflict',
    message: 'The provider that took this payment is not configured.',
  });
}
