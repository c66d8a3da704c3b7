import { AppError, toAppError } from '../../platform/errors.ts';
import { minutesToJson } from '../minutes.ts';
import type { Kopecks } from '../money.ts';
import { quoteDeposit } from '../packages.ts';
import { selectRow } from '../sql.ts';
import { findPayment, insertPayment, readReceiptAddress, type Payment } from './payment-rows.ts';
import { isRefusal, type PaymentProvider } from './provider.ts';
import { refresh, reread, settleOrCapture, type SettlementOptions } from './settlement.ts';

export interface DepositOptions extends SettlementOptions {
  readonly provider: PaymentProvider;
  /** Where the payer comes back to. */
  readonly returnUrl: (paymentId: string) => string;
}

/** Nobody pays so often; a script that is out of hand does. */
const MOST_PER_HOUR = 30;
/** How long whoever asks waits for the provider at most. */
const CREATE_DEADLINE_MS = 25_000;
const LOOK_DEADLINE_MS = 5_000;
/** How often one payment's reader may make us ask the provider. */
const LOOK_EVERY_SEC = 2;

/**
 * Begins a payment. The same key again answers the same payment, wherever the first attempt stopped: the provider is
 * asked with our payment's id for a key, so it makes one payment too.
 * @throws AppError what `quoteDeposit` throws, `too_many_deposits`, `idempotency_key_reused`, and the provider's
 */
export async function createDeposit(
  options: DepositOptions,
  deposit: { readonly userId: string; readonly amount: Kopecks; readonly idempotencyKey: string },
): Promise<Payment> {
  const { knex, provider, returnUrl } = options;
  const payment = await openPayment(options, deposit);
  if (payment.status !== 'created' || payment.provider !== provider.name) return payment;
  const call = { signal: AbortSignal.timeout(CREATE_DEADLINE_MS) };
  try {
    const truth = await provider.createPayment(
      {
        paymentId: payment.id,
        amount: { hundredths: payment.amount, currency: payment.currency },
        description: `AIlingva: ${minutesToJson(payment.quoted)} min`,
        returnUrl: returnUrl(payment.id),
        receiptTo: await readReceiptAddress(knex, provider, payment.userId),
      },
      call,
    );
    return await settleOrCapture(options, payment, truth, call);
  } catch (thrown) {
    if (isRefusal(thrown)) {
      await knex('payments')
        .where({ id: payment.id, status: 'created' })
        .update({ status: 'failed', reason: 'payment_refused', closed_at: knex.fn.now(), next_check_at: null });
    }
    throw thrown;
  }
}

async function openPayment(
  { knex, provider }: DepositOptions,
  { userId, amount, idempotencyKey }: Parameters<typeof createDeposit>[1],
): Promise<Payment> {
  const earlier = await findPayment(knex, { userId, idempotencyKey });
  if (earlier) return sameAmount(earlier, amount);
  const row = await selectRow<{ count: number }>(
    knex,
    `SELECT count(*) FROM payments WHERE user_account_id = :userId AND created_at > now() - interval '1 hour'`,
    { userId },
  );
  if ((row?.count ?? 0) >= MOST_PER_HOUR) {
    throw new AppError({
      code: 'too_many_deposits',
      kind: 'too_many',
      retryable: true,
      message: 'So many payments were begun in the last hour. Finish one, or wait a little.',
    });
  }
  const { quote, prices } = await quoteDeposit(knex, amount);
  const inserted = await insertPayment(knex, {
    userId,
    provider: provider.name,
    idempotencyKey,
    amount,
    quoted: quote.minutes,
    prices,
    package: quote.package,
  });
  if (inserted) return inserted;
  const other = await findPayment(knex, { userId, idempotencyKey });
  if (!other) throw new Error('A key that is taken has no payment');
  return sameAmount(other, amount);
}

function sameAmount(payment: Payment, amount: Kopecks): Payment {
  if (payment.amount === amount) return payment;
  throw new AppError({
    code: 'idempotency_key_reused',
    kind: 'conflict',
    message: 'This idempotency key was used for another amount.',
  });
}

/**
 * The user's payment. One that is open is asked after at the provider: the payer may be back before its notification.
 * @throws AppError `payment_not_found`
 */
export async function readDeposit(
  options: SettlementOptions & { readonly provider: PaymentProvider | undefined },
  { userId, paymentId }: { readonly userId: string; readonly paymentId: string },
): Promise<Payment> {
  const { knex, log, provider } = options;
  const payment = await findPayment(knex, { id: paymentId });
  if (payment?.userId !== userId) throw paymentNotFound();
  if (payment.status !== 'pending' || provider === undefined) return payment;
  const mayLook = await selectRow(
    knex,
    `UPDATE payments SET checked_at = clock_timestamp()
     WHERE id = :paymentId AND status = 'pending'
       AND (checked_at IS NULL OR checked_at < clock_timestamp() - make_interval(secs => :every))
     RETURNING id`,
    { paymentId, every: LOOK_EVERY_SEC },
  );
  if (!mayLook) return reread(knex, paymentId);
  try {
    return await refresh({ ...options, provider }, payment, { signal: AbortSignal.timeout(LOOK_DEADLINE_MS) });
  } catch (error) {
    log.warn({ paymentId, code: toAppError(error).code }, 'A payment could not be asked after');
    return payment;
  }
}

export function paymentNotFound(): AppError {
  return new AppError({ code: 'payment_not_found', kind: 'not_found', message: 'There is no such payment.' });
}
