import { AppError } from '../../platform/errors.ts';

/**
 * Who takes the money. A provider's own words are known in its own file alone; here stands what all of them do.
 * Every call may be repeated with the same key and does its work once. Every call has a deadline of its own, retries
 * what may be retried, and throws `payment_refused`, `payment_provider_unavailable` or `payment_provider_misconfigured`; with
 * receipts `payer_unknown`, too.
 */
export interface PaymentProvider {
  /** Kept with each payment, and part of the webhook's address. */
  readonly name: string;
  /** Whether it sends payers fiscal receipts: then, and only then, it is told their addresses. */
  readonly sendsReceipts: boolean;
  createPayment(order: PaymentOrder, options?: CallOptions): Promise<ProviderPayment>;
  /** What the provider's own books say now; `undefined` when they know no such payment. */
  readPayment(id: string, options?: CallOptions): Promise<ProviderPayment | undefined>;
  /** Takes money that was only set aside. */
  capture(
    id: string,
    request: { readonly amount: Money; readonly key: string },
    options?: CallOptions,
  ): Promise<ProviderPayment>;
  refund(order: RefundOrder, options?: CallOptions): Promise<ProviderRefund>;
  readRefund(id: string, options?: CallOptions): Promise<ProviderRefund | undefined>;
  /**
   * Of which payment a notification speaks. Nothing else in it is believed.
   * @throws AppError `notification_invalid`
   */
  parseNotification(body: unknown): { readonly paymentId: string };
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface Money {
  /** Whole hundredths: kopecks, cents. */
  readonly hundredths: number;
  /** ISO 4217: `RUB`. */
  readonly currency: string;
}

export interface PaymentOrder {
  /** Our payment's id: the key, and the reference that the provider keeps. */
  readonly paymentId: string;
  readonly amount: Money;
  /** For the payer; carries no personal data. */
  readonly description: string;
  /** Where the payer comes back to. */
  readonly returnUrl: string;
  /** The payer's e-mail address, where it is needed. */
  readonly receiptTo: string | undefined;
}

export interface ProviderPayment {
  readonly id: string;
  /** `authorized`: set aside, waits to be captured. */
  readonly status: 'pending' | 'authorized' | 'succeeded' | 'canceled';
  /** Asked for; once it has succeeded, what was captured. */
  readonly amount: Money;
  /** Whole hundredths of the same currency that were given back. */
  readonly refunded: number;
  /** Our payment's id, as it was given. */
  readonly reference: string | undefined;
  /** Where the payer confirms; while it is pending. */
  readonly confirmationUrl: string | undefined;
  /** The provider's code of why it was cancelled. */
  readonly reason: string | undefined;
}

export interface RefundOrder {
  readonly providerPaymentId: string;
  readonly amount: Money;
  /** All that was paid, at once. */
  readonly whole: boolean;
  readonly key: string;
  /** As in the payment's order; `undefined` also when the payer's account was deleted. */
  readonly receiptTo: string | undefined;
}

export interface ProviderRefund {
  readonly id: string;
  readonly status: 'pending' | 'succeeded' | 'canceled';
}

/** The provider did not do it, and will not when asked the same again. */
export function paymentRefused(cause?: unknown): AppError {
  return new AppError({
    code: 'payment_refused',
    kind: 'conflict',
    message: 'The payment provider refused this.',
    cause,
  });
}

/**
 * The provider is not asked this, or not again: whoever is to have the receipt has deleted their account. Whether it was
 * done when it was asked before, this does not say.
 */
export function payerUnknown(): AppError {
  return new AppError({
    code: 'payer_unknown',
    kind: 'conflict',
    message:
      'The receipt of a part needs the address of the payer, whose account was deleted. Give all of it back, or do it in ' +
      'the office of the payment provider, unless it is done there already.',
  });
}

/** The provider was asked; it was not done, and will not be. */
export function isRefusal(thrown: unknown): boolean {
  return thrown instanceof AppError && thrown.code === 'payment_refused';
}

export function isPayerUnknown(thrown: unknown): boolean {
  return thrown instanceof AppError && thrown.code === 'payer_unknown';
}

/** Whether the provider did it is not known: the same request with the same key may be sent again. */
export function providerUnavailable(cause?: unknown): AppError {
  return new AppError({
    code: 'payment_provider_unavailable',
    kind: 'unavailable',
    retryable: true,
    message: 'The payment provider does not answer. Try again in a moment.',
    cause,
  });
}

export function notificationInvalid(cause?: unknown): AppError {
  return new AppError({
    code: 'notification_invalid',
    kind: 'invalid',
    message: 'This is not a notification of the payment provider.',
    cause,
  });
}
