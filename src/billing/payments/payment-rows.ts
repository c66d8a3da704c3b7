import type { Knex } from 'knex';
import { z } from 'zod';
import { formatMinutes, parseMinutes, type Minutes } from '../minutes.ts';
import { kopecksOf, type Kopecks } from '../money.ts';
import type { PriceList } from '../packages.ts';
import type { PricedPackage } from '../pricing.ts';
import { selectRow, selectRows } from '../sql.ts';
import { fromSnapshot, toSnapshot } from '../tariff.ts';
import type { KnownPayment, PaymentStatus } from './payment-state.ts';
import type { PaymentProvider } from './provider.ts';

export interface Payment extends KnownPayment {
  readonly userId: string;
  readonly provider: string;
  readonly providerPaymentId: string | undefined;
  readonly confirmationUrl: string | undefined;
  readonly quoted: Minutes;
  /** The deposit's row in the ledger. */
  readonly transactionId: string | undefined;
  readonly reason: string | undefined;
  readonly createdAt: Date;
  readonly paidAt: Date | undefined;
}

interface PaymentRow {
  readonly id: string;
  readonly user_account_id: string;
  readonly status: PaymentStatus;
  readonly amount_kopecks: number;
  readonly currency: string;
  readonly provider: string;
  readonly provider_payment_id: string | null;
  readonly confirmation_url: string | null;
  readonly tariff_snapshot: unknown;
  readonly quoted_minutes: string;
  readonly captured_kopecks: number | null;
  readonly captured_currency: string | null;
  readonly credited_minutes: string | null;
  readonly wallet_transaction_id: string | null;
  readonly refunded_kopecks: number;
  readonly charged_back_kopecks: number;
  readonly reversed_minutes: string;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly paid_at: Date | null;
  readonly payer_gone: boolean;
}

const COLUMNS = `payments.*, (SELECT deleted_at IS NOT NULL FROM user_accounts WHERE id = user_account_id) AS payer_gone`;

const packageSnapshot = z.object({
  id: z.string(),
  name: z.string(),
  min_amount_kopecks: z.int().positive(),
  discount_basis_points: z.int().min(0).max(9_999),
});
const priceListSnapshot = z.object({ packages: z.array(packageSnapshot) });

/** As it stands in `payments.tariff_snapshot`: the rate under the same name as in a session's. */
function toPriceListSnapshot({ tariff, packages }: PriceList): string {
  return JSON.stringify({ ...toSnapshot(tariff), packages: packages.map(toPackageSnapshot) });
}

function toPackageSnapshot(offer: PricedPackage): z.output<typeof packageSnapshot> {
  return {
    id: offer.id,
    name: offer.name,
    min_amount_kopecks: offer.minAmount,
    discount_basis_points: offer.discountBasisPoints,
  };
}

function fromPriceListSnapshot(snapshot: unknown): PriceList {
  return {
    tariff: fromSnapshot(snapshot),
    packages: priceListSnapshot.parse(snapshot).packages.map((offer) => ({
      id: offer.id,
      name: offer.name,
      minAmount: kopecksOf(offer.min_amount_kopecks),
      discountBasisPoints: offer.discount_basis_points,
    })),
  };
}

function toPayment(row: PaymentRow): Payment {
  return {
    id: row.id,
    userId: row.user_account_id,
    status: row.status,
    amount: kopecksOf(row.amount_kopecks),
    currency: row.currency,
    provider: row.provider,
    providerPaymentId: row.provider_payment_id ?? undefined,
    confirmationUrl: row.confirmation_url ?? undefined,
    prices: fromPriceListSnapshot(row.tariff_snapshot),
    payerGone: row.payer_gone,
    quoted: parseMinutes(row.quoted_minutes),
    captured: row.captured_kopecks ?? undefined,
    capturedCurrency: row.captured_currency ?? undefined,
    credited: row.credited_minutes === null ? undefined : parseMinutes(row.credited_minutes),
    transactionId: row.wallet_transaction_id ?? undefined,
    refunded: row.refunded_kopecks,
    chargedBack: row.charged_back_kopecks,
    reversed: parseMinutes(row.reversed_minutes),
    reason: row.reason ?? undefined,
    createdAt: row.created_at,
    paidAt: row.paid_at ?? undefined,
  };
}

type Condition =
  | { readonly id: string }
  | { readonly userId: string; readonly idempotencyKey: string }
  | { readonly provider: string; readonly providerPaymentId: string };

export async function findPayment(knex: Knex, condition: Condition): Promise<Payment | undefined> {
  const where =
    'id' in condition
      ? 'id = :id'
      : 'userId' in condition
        ? 'user_account_id = :userId AND idempotency_key = :idempotencyKey'
        : 'provider = :provider AND provider_payment_id = :providerPaymentId';
  const row = await selectRow<PaymentRow>(knex, `SELECT ${COLUMNS} FROM payments WHERE ${where}`, { ...condition });
  return row && toPayment(row);
}

/** The newest first, from before the payment `before`; of one status, or of all. */
export async function readPayments(
  knex: Knex,
  page: { readonly status: PaymentStatus | undefined; readonly before: string | undefined; readonly limit: number },
): Promise<Payment[]> {
  const rows = await selectRows<PaymentRow>(
    knex,
    `SELECT ${COLUMNS} FROM payments
     WHERE (:status::text IS NULL OR status = :status) AND (:before::uuid IS NULL OR id < :before::uuid)
     ORDER BY id DESC LIMIT :limit`,
    { status: page.status ?? null, before: page.before ?? null, limit: page.limit },
  );
  return rows.map(toPayment);
}

/** Whoever holds this lock is alone with the payment, and the payer's account stays. Taken before the wallet's. */
export async function lockPayment(transaction: Knex.Transaction, id: string): Promise<Payment | undefined> {
  const row = await selectRow<PaymentRow>(
    transaction,
    `SELECT payment.*, payer.deleted_at IS NOT NULL AS payer_gone
     FROM payments payment JOIN user_accounts payer ON payer.id = payment.user_account_id
     WHERE payment.id = :id FOR NO KEY UPDATE OF payment FOR SHARE OF payer`,
    { id },
  );
  return row && toPayment(row);
}

export interface NewPayment {
  readonly userId: string;
  readonly provider: string;
  readonly idempotencyKey: string;
  readonly amount: Kopecks;
  readonly quoted: Minutes;
  readonly prices: PriceList;
  readonly package: PricedPackage | undefined;
}

/** `undefined` when the user's key is taken. */
export async function insertPayment(knex: Knex, payment: NewPayment): Promise<Payment | undefined> {
  const row = await selectRow<PaymentRow>(
    knex,
    `INSERT INTO payments (user_account_id, amount_kopecks, provider, idempotency_key, tariff_snapshot,
       package_snapshot, quoted_minutes)
     VALUES (:userId, :amount, :provider, :idempotencyKey, :prices, :package, :quoted)
     ON CONFLICT (user_account_id, idempotency_key) DO NOTHING
     RETURNING ${COLUMNS}`,
    {
      userId: payment.userId,
      amount: payment.amount,
      provider: payment.provider,
      idempotencyKey: payment.idempotencyKey,
      prices: toPriceListSnapshot(payment.prices),
      package: payment.package ? JSON.stringify(toPackageSnapshot(payment.package)) : null,
      quoted: formatMinutes(payment.quoted),
    },
  );
  return row && toPayment(row);
}

/** Where a receipt goes; `undefined` for a provider that sends none, and for an account that was deleted. */
export async function readReceiptAddress(
  knex: Knex,
  provider: Pick<PaymentProvider, 'sendsReceipts'>,
  userId: string,
): Promise<string | undefined> {
  if (!provider.sendsReceipts) return undefined;
  const payer = await selectRow<{ email: string }>(
    knex,
    'SELECT email FROM user_accounts WHERE id = :userId AND deleted_at IS NULL',
    { userId },
  );
  return payer?.email;
}
