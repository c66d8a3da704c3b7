import type { Knex } from 'knex';
import type { Logger } from '../../platform/log.ts';
import { payDebts, reverseCredit } from '../debts.ts';
import { credit } from '../ledger.ts';
import { formatMinutes, minutesOf } from '../minutes.ts';
import { follow, isOpen, shouldCapture, type PaymentChange } from './payment-state.ts';
import { findPayment, lockPayment, type Payment } from './payment-rows.ts';
import type { CallOptions, PaymentProvider, ProviderPayment } from './provider.ts';

export interface SettlementOptions {
  readonly knex: Knex;
  readonly log: Logger;
  /** Told of each status that a payment reaches, once it is committed. */
  readonly onStatus: (payment: Payment) => void;
}

/**
 * Brings a payment to what its provider says: credits it once, takes back what was given back, whoever asks, however
 * often, in whatever order.
 */
export async function settle(options: SettlementOptions, paymentId: string, truth: ProviderPayment): Promise<Payment> {
  const { knex, log, onStatus } = options;
  const { before, after } = await knex.transaction(async (transaction) => {
    const payment = await lockPayment(transaction, paymentId);
    if (!payment) throw new Error(`There is no payment ${paymentId}`);
    await adopt(transaction, payment, truth, log);
    const change = follow(payment, truth);
    if (change) await applyChange(transaction, payment, change, {});
    return { before: payment, after: await lockPayment(transaction, paymentId) };
  });
  if (!after) throw new Error(`The payment ${paymentId} is gone`);
  if (after.status !== before.status) {
    const fields = { paymentId, status: after.status, provider: after.provider, reason: after.reason };
    if (after.status === 'mismatch') log.error(fields, 'A payment could not be credited; staff must decide');
    else log.info(fields, 'A payment changed');
    onStatus(after);
  }
  return after;
}

/** Asks the provider how a payment stands, takes what waits to be taken, and settles it. */
export async function refresh(
  options: SettlementOptions & { readonly provider: PaymentProvider },
  payment: Payment,
  call: CallOptions,
): Promise<Payment> {
  const { provider, log } = options;
  if (payment.providerPaymentId === undefined || payment.provider !== provider.name) return payment;
  const truth = await provider.readPayment(payment.providerPaymentId, call);
  if (!truth) {
    log.error({ paymentId: payment.id, provider: provider.name }, 'The provider does not know a payment of ours');
    return payment;
  }
  return settleOrCapture(options, payment, truth, call);
}

export async function settleOrCapture(
  options: SettlementOptions & { readonly provider: PaymentProvider },
  payment: Payment,
  truth: ProviderPayment,
  call: CallOptions,
): Promise<Payment> {
  // First what is known already: its id must not be lost with a capture that fails.
  const settled = await settle(options, payment.id, truth);
  if (!shouldCapture(settled, truth)) return settled;
  const request = { amount: truth.amount, key: `capture-${payment.id}` };
  return settle(options, payment.id, await options.provider.capture(truth.id, request, call));
}

/** The provider's own id: written with the first answer, or found when the answer was lost. */
async function adopt(
  transaction: Knex.Transaction,
  payment: Payment,
  truth: ProviderPayment,
  log: Logger,
): Promise<void> {
  if (payment.providerPaymentId === undefined && truth.reference === payment.id) {
    await transaction('payments')
      .where('id', payment.id)
      .update({ provider_payment_id: truth.id, confirmation_url: truth.confirmationUrl ?? null });
  } else if (payment.providerPaymentId !== truth.id) {
    log.error({ paymentId: payment.id, provider: payment.provider }, 'The provider has two payments for one of ours');
    throw new Error(`The payment ${payment.id} is another one at the provider`);
  }
}

/** Writes what follows, with its postings, under the payment's lock. */
export async function applyChange(
  transaction: Knex.Transaction,
  payment: Payment,
  change: PaymentChange,
  by: { readonly actorId?: string },
): Promise<void> {
  const transactionId = change.credit ? await deposit(transaction, payment, change.credit) : payment.transactionId;
  let reversalId: string | undefined;
  if (change.reverse !== undefined) {
    if (transactionId === undefined) throw new Error('What was not credited cannot be reversed');
    const reversed = minutesOf(payment.reversed + change.reverse);
    ({ transactionId: reversalId } = await reverseCredit(transaction, {
      userId: payment.userId,
      creditId: transactionId,
      minutes: change.reverse,
      // The total, so that each step of the same payment has a key of its own.
      idempotencyKey: `payment_reversal:${payment.id}:${formatMinutes(reversed)}`,
      reason: change.chargedBack !== undefined && change.chargedBack > payment.chargedBack ? 'chargeback' : 'refund',
      ...by,
    }));
  }
  await writeReturns(transaction, payment, change, reversalId);
  const final = !isOpen(change.status);
  await transaction('payments')
    .where('id', payment.id)
    .update({
      status: change.status,
      ...(change.reason !== undefined && { reason: change.reason }),
      ...(change.captured && {
        captured_kopecks: change.captured.hundredths,
        captured_currency: change.captured.currency,
        paid_at: transaction.raw('clock_timestamp()'),
      }),
      ...(change.credit && {
        credited_minutes: formatMinutes(change.credit.minutes),
        wallet_transaction_id: transactionId,
        reason: null,
      }),
      ...(change.refunded !== undefined && { refunded_kopecks: change.refunded }),
      ...(change.chargedBack !== undefined && { charged_back_kopecks: change.chargedBack }),
      ...(change.reverse !== undefined && {
        reversed_minutes: formatMinutes(minutesOf(payment.reversed + change.reverse)),
      }),
      ...(final && {
        closed_at: transaction.raw('coalesce(closed_at, clock_timestamp())'),
        // A refund under way is asked after until it is done.
        next_check_at: transaction.raw(
          `CASE WHEN EXISTS (SELECT FROM payment_refunds WHERE payment_id = payments.id
             AND status IN ('created', 'pending')) THEN next_check_at END`,
        ),
      }),
    });
}

/** The roubles that went back by this change, with the row of the ledger that took their minutes. */
async function writeReturns(
  transaction: Knex.Transaction,
  payment: Payment,
  change: PaymentChange,
  reversalId: string | undefined,
): Promise<void> {
  const returns = [
    { kind: 'refund', amount: (change.refunded ?? 0) - payment.refunded },
    { kind: 'chargeback', amount: (change.chargedBack ?? 0) - payment.chargedBack },
  ].filter(({ amount }) => amount > 0);
  for (const [place, { kind, amount }] of returns.entries()) {
    await transaction('payment_returns').insert({
      payment_id: payment.id,
      kind,
      amount_kopecks: amount,
      wallet_transaction_id: place === 0 ? (reversalId ?? null) : null,
    });
  }
}

async function deposit(
  transaction: Knex.Transaction,
  payment: Payment,
  { minutes, price }: NonNullable<PaymentChange['credit']>,
): Promise<string> {
  const { userId } = payment;
  const { transactionId } = await credit(transaction, {
    userId,
    type: 'deposit',
    minutes,
    price,
    idempotencyKey: `deposit:${payment.id}`,
  });
  await payDebts(transaction, { userId, transactionId, minutes });
  return transactionId;
}

/** @throws Error when it is gone, which no payment ever is */
export async function reread(knex: Knex, id: string): Promise<Payment> {
  const payment = await findPayment(knex, { id });
  if (!payment) throw new Error(`There is no payment ${id}`);
  return payment;
}
