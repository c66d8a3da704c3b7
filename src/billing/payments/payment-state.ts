import { minutesOf, type Minutes } from '../minutes.ts';
import { kopecksOf, type Kopecks } from '../money.ts';
import type { PriceList } from '../packages.ts';
import { quote } from '../pricing.ts';
import type { ProviderPayment } from './provider.ts';

/**
 * created → pending → succeeded → partially_refunded → refunded
 *   created, pending → canceled, expired, failed
 *
 * `expired` is only our patience: money that comes late is still credited, and so is what the provider has captured
 * of a payment that it called cancelled before. `mismatch` has got money that was not asked for: staff decide.
 */
export type PaymentStatus =
  | 'created'
  | 'pending'
  | 'succeeded'
  | 'partially_refunded'
  | 'refunded'
  | 'canceled'
  | 'expired'
  | 'failed'
  | 'mismatch';

/** A payment as far as what the provider says can change it. */
export interface KnownPayment {
  readonly id: string;
  readonly status: PaymentStatus;
  readonly amount: Kopecks;
  readonly currency: string;
  readonly captured: number | undefined;
  readonly capturedCurrency: string | undefined;
  readonly credited: Minutes | undefined;
  readonly refunded: number;
  readonly chargedBack: number;
  readonly reversed: Minutes;
  readonly prices: PriceList;
  /** The payer's account was deleted: nobody could spend the minutes. */
  readonly payerGone: boolean;
}

/** What is to be written. What is left out stays. */
export interface PaymentChange {
  readonly status: PaymentStatus;
  readonly reason?: string;
  readonly captured?: { readonly hundredths: number; readonly currency: string };
  /** To be credited once, for the price that was captured. */
  readonly credit?: { readonly minutes: Minutes; readonly price: Kopecks };
  readonly refunded?: number;
  readonly chargedBack?: number;
  /** To be taken back now. */
  readonly reverse?: Minutes;
}

/** What follows from what the provider says. Nothing that it said before is undone by an older word; `undefined`: nothing new. */
export function follow(payment: KnownPayment, truth: ProviderPayment): PaymentChange | undefined {
  if (truth.status === 'authorized') return followAuthorization(payment, truth);
  if (truth.status === 'canceled') return followCancellation(payment, truth);
  if (truth.status === 'pending') return payment.status === 'created' ? { status: 'pending' } : undefined;
  return payment.captured === undefined
    ? followCapture(payment, truth)
    : takeBack(payment, { refunded: truth.refunded });
}

/** The payer's bank took money back, beyond what was refunded. */
export function chargeBack(payment: KnownPayment, amount: number): PaymentChange | undefined {
  return takeBack(payment, { chargedBack: payment.chargedBack + amount });
}

export function isOpen(status: PaymentStatus): boolean {
  return status === 'created' || status === 'pending';
}

/** Whether money that was only set aside is to be taken. */
export function shouldCapture(payment: KnownPayment, truth: ProviderPayment): boolean {
  return truth.status === 'authorized' && payment.captured === undefined && contradiction(payment, truth) === undefined;
}

function followCancellation(payment: KnownPayment, { reason }: ProviderPayment): PaymentChange | undefined {
  if (payment.captured !== undefined || payment.status === 'canceled') return undefined;
  return { status: 'canceled', ...(reason !== undefined && { reason }) };
}

function followAuthorization(payment: KnownPayment, truth: ProviderPayment): PaymentChange | undefined {
  const problem = contradiction(payment, truth);
  if (problem !== undefined && isOpen(payment.status)) return { status: 'mismatch', reason: problem };
  return payment.status === 'created' ? { status: 'pending' } : undefined;
}

function followCapture(payment: KnownPayment, truth: ProviderPayment): PaymentChange | undefined {
  const captured = truth.amount;
  const problem = contradiction(payment, truth);
  if (problem !== undefined) {
    return {
      status: 'mismatch',
      reason: problem,
      ...(captured.hundredths > 0 && { captured }),
      refunded: truth.refunded,
    };
  }
  // Less than was asked for may have been captured: it buys what it is worth, at the prices of the beginning.
  const price = kopecksOf(captured.hundredths);
  const { tariff, packages } = payment.prices;
  const minutes = boughtFor(price, { tariff, packages });
  if (minutes === undefined)
    return { status: 'mismatch', reason: 'amount_buys_nothing', captured, refunded: truth.refunded };
  const paid: KnownPayment = { ...payment, captured: price, capturedCurrency: captured.currency, credited: minutes };
  return { status: 'succeeded', captured, credit: { minutes, price }, ...takeBack(paid, { refunded: truth.refunded }) };
}

function boughtFor(price: Kopecks, { tariff, packages }: PriceList): Minutes | undefined {
  try {
    return quote(price, tariff, packages).minutes;
  } catch {
    return undefined;
  }
}

/** Why the money cannot be taken for what was asked for. */
function contradiction(payment: KnownPayment, { reference, amount }: ProviderPayment): string | undefined {
  if (payment.payerGone) return 'account_deleted';
  if (reference !== payment.id) return 'reference_differs';
  if (amount.currency !== payment.currency) return 'currency_differs';
  if (amount.hundredths <= 0) return 'amount_not_positive';
  if (amount.hundredths > payment.amount) return 'amount_above_asked';
  return undefined;
}

/** What has been taken back only grows. What is kept of the minutes is worth the money that is kept, rounded down once. */
function takeBack(
  payment: KnownPayment,
  seen: { readonly refunded?: number; readonly chargedBack?: number },
): PaymentChange | undefined {
  const { captured, credited } = payment;
  const refunded = Math.max(payment.refunded, seen.refunded ?? 0);
  const chargedBack = Math.max(payment.chargedBack, seen.chargedBack ?? 0);
  if (captured === undefined || (refunded === payment.refunded && chargedBack === payment.chargedBack))
    return undefined;
  const kept = Math.max(0, captured - refunded - chargedBack);
  const status = kept === 0 ? 'refunded' : credited === undefined ? payment.status : 'partially_refunded';
  const keptMinutes = Number((BigInt(credited ?? 0) * BigInt(kept)) / BigInt(captured));
  const reverse = minutesOf(Math.max(0, (credited ?? 0) - keptMinutes - payment.reversed));
  return { status, refunded, chargedBack, ...(reverse > 0 && { reverse }) };
}
