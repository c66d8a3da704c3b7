import { AppError, toAppError } from '../../platform/errors.ts';
import { selectRow } from '../sql.ts';
import { findPayment, type Payment } from './payment-rows.ts';
import type { PaymentProvider } from './provider.ts';
import { continueRefunds } from './refunds.ts';
import { refresh, reread, type SettlementOptions } from './settlement.ts';

/** Nobody was shown where to pay: nobody can. */
const EXPIRE_CREATED_MIN = 60;
/** Some ways to pay take a day; the provider cancels most within an hour. */
const EXPIRE_PENDING_MIN = 24 * 60;
/** Money may come late. After this, only a notification of the provider brings it. */
const ASK_AFTER_EXPIRED_DAYS = 7;
const FIRST_PAUSE_SEC = 15;
const LONGEST_PAUSE_SEC = 3_600;
/** After a provider that was away, however old the payment: somebody may have paid. */
const AFTER_FAILURE_SEC = 60;
const CHECK_DEADLINE_MS = 20_000;
/** At one run, so that a run ends. */
const BATCH = 200;

export interface PaymentReport {
  readonly checked: number;
  /** Reached another status by it. */
  readonly changed: number;
  readonly expired: number;
  /** Could not be asked after; tried again later. */
  readonly failed: number;
}

/**
 * Asks the provider after payments of which nothing was heard, since notifications get lost, and gives up those that
 * nobody pays. Any number of processes may do so at a time.
 */
export async function expirePayments(
  options: SettlementOptions & { readonly provider: PaymentProvider | undefined },
  signal?: AbortSignal,
): Promise<PaymentReport> {
  const report = { checked: 0, changed: 0, expired: 0, failed: 0 };
  while (report.checked < BATCH) {
    if (signal?.aborted === true) break;
    const payment = await claim(options);
    if (!payment) break;
    report.checked += 1;
    try {
      const after = await check(options, payment, signal);
      if (after.status !== payment.status) report[after.status === 'expired' ? 'expired' : 'changed'] += 1;
    } catch (error) {
      report.failed += 1;
      options.log.warn({ paymentId: payment.id, err: codeOf(error) }, 'A payment could not be asked after');
      // The others would only wait for the same provider.
      if (toAppError(error).retryable) {
        await askAgainSoon(options, payment.id);
        break;
      }
    }
  }
  return report;
}

/** Puts the next check off before this one: a payment that ends its process does not end the next. The older, the rarer. */
async function claim({ knex }: SettlementOptions): Promise<Payment | undefined> {
  const row = await selectRow<{ id: string }>(
    knex,
    `UPDATE payments SET checked_at = clock_timestamp(), next_check_at = clock_timestamp() + make_interval(secs =>
       CASE status WHEN 'expired' THEN 86400
       ELSE least(:longest::float8, greatest(:first::float8, extract(epoch FROM clock_timestamp() - created_at) / 4)) END)
     WHERE id = (
       SELECT id FROM payments WHERE next_check_at <= clock_timestamp()
       ORDER BY next_check_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
     )
     RETURNING id`,
    { first: FIRST_PAUSE_SEC, longest: LONGEST_PAUSE_SEC },
  );
  return row && findPayment(knex, row);
}

async function check(
  options: SettlementOptions & { readonly provider: PaymentProvider | undefined },
  payment: Payment,
  signal: AbortSignal | undefined,
): Promise<Payment> {
  const { knex, provider } = options;
  if (provider?.name === payment.provider && payment.providerPaymentId !== undefined) {
    const deadline = AbortSignal.timeout(CHECK_DEADLINE_MS);
    const call = { signal: signal ? AbortSignal.any([signal, deadline]) : deadline };
    await continueRefunds({ ...options, provider }, payment, call);
    await refresh({ ...options, provider }, payment, call);
  }
  await letGo(options, payment.id);
  return reread(knex, payment.id);
}

async function askAgainSoon({ knex }: SettlementOptions, id: string): Promise<void> {
  await knex.raw(
    `UPDATE payments SET next_check_at = least(next_check_at, clock_timestamp() + make_interval(secs => :pause))
     WHERE id = :id AND next_check_at IS NOT NULL`,
    { id, pause: AFTER_FAILURE_SEC },
  );
}

async function letGo({ knex }: SettlementOptions, id: string): Promise<void> {
  await knex.raw(
    `UPDATE payments SET status = 'expired', closed_at = clock_timestamp()
     WHERE id = :id AND status IN ('created', 'pending') AND created_at < now() - make_interval(mins =>
       CASE status WHEN 'created' THEN :createdMin::integer ELSE :pendingMin::integer END)`,
    { id, createdMin: EXPIRE_CREATED_MIN, pendingMin: EXPIRE_PENDING_MIN },
  );
  await knex.raw(
    `UPDATE payments SET next_check_at = NULL
     WHERE id = :id AND status NOT IN ('created', 'pending')
       AND NOT (status = 'expired' AND provider_payment_id IS NOT NULL
         AND closed_at > now() - make_interval(days => :days))
       AND NOT EXISTS (SELECT FROM payment_refunds WHERE payment_id = :id AND status IN ('created', 'pending'))
       AND refunded_kopecks >= (SELECT coalesce(sum(amount_kopecks), 0) FROM payment_refunds
         WHERE payment_id = :id AND kind = 'refund' AND status = 'succeeded')`,
    { id, days: ASK_AFTER_EXPIRED_DAYS },
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof AppError ? { code: error.code } : error;
}
