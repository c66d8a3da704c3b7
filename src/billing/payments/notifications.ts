import { AppError } from '../../platform/errors.ts';
import { findPayment, type Payment } from './payment-rows.ts';
import type { CallOptions, PaymentProvider } from './provider.ts';
import { refresh, settleOrCapture, type SettlementOptions } from './settlement.ts';

export interface NotificationOptions extends SettlementOptions {
  readonly provider: PaymentProvider | undefined;
  /** Throws `too_many_requests` to an address that sends too many. */
  readonly limitSenders: (ip: string) => Promise<void>;
  /** The same, for payments that we do not know. */
  readonly limitStrangers: (ip: string) => Promise<void>;
}

const DEADLINE_MS = 20_000;

/**
 * A notification is only a hint to look: anybody can send one. What counts is what the provider's own books say when
 * asked. So it may come twice, late, out of order or from a stranger.
 * @throws AppError `payment_provider_unknown`, `notification_invalid`, `too_many_requests`, and the provider's
 */
export async function notify(
  options: NotificationOptions,
  notification: { readonly provider: string; readonly body: unknown; readonly ip: string },
): Promise<'settled' | 'ignored'> {
  const { knex, log, provider } = options;
  if (provider?.name !== notification.provider) {
    throw new AppError({
      code: 'payment_provider_unknown',
      kind: 'not_found',
      message: 'There is no such payment provider here.',
    });
  }
  await options.limitSenders(notification.ip);
  const { paymentId: providerPaymentId } = provider.parseNotification(notification.body);
  const call = { signal: AbortSignal.timeout(DEADLINE_MS) };
  const known = await findPayment(knex, { provider: provider.name, providerPaymentId });
  if (known) {
    await refresh({ ...options, provider }, known, call);
    return 'settled';
  }
  await options.limitStrangers(notification.ip);
  const settled = await settleLost({ ...options, provider }, providerPaymentId, call);
  if (!settled) log.warn({ provider: provider.name }, 'A notification spoke of a payment that is not ours');
  return settled ? 'settled' : 'ignored';
}

/** A payment whose creation was answered to a process that died before it wrote so. */
async function settleLost(
  options: NotificationOptions & { readonly provider: PaymentProvider },
  providerPaymentId: string,
  call: CallOptions,
): Promise<Payment | undefined> {
  const { knex, provider } = options;
  const truth = await provider.readPayment(providerPaymentId, call);
  if (truth?.reference === undefined || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(truth.reference))
    return undefined;
  const payment = await findPayment(knex, { id: truth.reference });
  if (payment?.provider !== provider.name) return undefined;
  return settleOrCapture(options, payment, truth, call);
}
