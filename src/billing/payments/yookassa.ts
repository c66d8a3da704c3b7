import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { formatHundredths, parseHundredths } from '../hundredths.ts';
import {
  notificationInvalid,
  paymentRefused,
  type Money,
  type PaymentProvider,
  type ProviderPayment,
  type ProviderRefund,
} from './provider.ts';
import { YookassaClient, type YookassaAccess, type YookassaClientOptions } from './yookassa-client.ts';
import { toReceipt, type ReceiptTerms } from './yookassa-receipt.ts';

/**
 * YooKassa, API v3: https://yookassa.ru/developers/api. Payments are captured at once (`capture: true`), the payer
 * confirms on YooKassa's page (`confirmation.type: redirect`). Amounts are strings with two decimals.
 */

const amountMessage = z.object({ value: z.string(), currency: z.string().regex(/^[A-Z]{3}$/) });

const paymentMessage = z.object({
  id: z.string().min(1).max(200),
  status: z.enum(['pending', 'waiting_for_capture', 'succeeded', 'canceled']),
  amount: amountMessage,
  refunded_amount: amountMessage.optional(),
  metadata: z.object({ payment_id: z.string().optional() }).optional(),
  confirmation: z.object({ confirmation_url: z.string().optional() }).optional(),
  cancellation_details: z.object({ reason: z.string() }).optional(),
});

const refundMessage = z.object({
  id: z.string().min(1).max(200),
  status: z.enum(['pending', 'succeeded', 'canceled']),
});

/** https://yookassa.ru/developers/using-api/webhooks: a refund's object names its payment. */
const notificationMessage = z.union([
  z.object({ event: z.string().regex(/^payment\./), object: z.object({ id: identifier() }) }),
  z.object({ event: z.string().regex(/^refund\./), object: z.object({ payment_id: identifier() }) }),
]);

/** What may stand in an address. */
function identifier() {
  return z.string().regex(/^[\w-]{1,100}$/);
}

export interface YookassaOptions extends YookassaClientOptions {
  /** Without them no receipts are sent. */
  readonly receipts?: ReceiptTerms | undefined;
}

export function createYookassa(access: YookassaAccess, { receipts, ...options }: YookassaOptions): PaymentProvider {
  const client = new YookassaClient(access, options);
  return {
    name: 'yookassa',
    sendsReceipts: receipts !== undefined,

    async createPayment({ paymentId, amount, description, returnUrl, receiptTo }, { signal } = {}) {
      const body = {
        amount: toMessage(amount),
        capture: true,
        confirmation: { type: 'redirect', return_url: returnUrl },
        description,
        metadata: { payment_id: paymentId },
        ...(receipts && { receipt: toReceipt(receipts, amount, receiptTo) }),
      };
      return toPayment(
        await client.send({ method: 'POST', path: '/payments', body, key: paymentId, ...(signal && { signal }) }),
      );
    },

    async readPayment(id, { signal } = {}) {
      const answer = await client.send({
        method: 'GET',
        path: `/payments/${encodeURIComponent(id)}`,
        ...(signal && { signal }),
      });
      return answer === undefined ? undefined : toPayment(answer);
    },

    async capture(id, { amount, key }, { signal } = {}) {
      const path = `/payments/${encodeURIComponent(id)}/capture`;
      const body = { amount: toMessage(amount) };
      return toPayment(await client.send({ method: 'POST', path, body, key, ...(signal && { signal }) }));
    },

    async refund({ providerPaymentId, amount, whole, key, receiptTo }, { signal } = {}) {
      const body = {
        payment_id: providerPaymentId,
        amount: toMessage(amount),
        // Of the whole payment it makes the receipt from the payment's own.
        ...(receipts && !whole && { receipt: toReceipt(receipts, amount, receiptTo) }),
      };
      const refund = toRefund(
        await client.send({ method: 'POST', path: '/refunds', body, key, ...(signal && { signal }) }),
      );
      if (refund.status === 'canceled') throw paymentRefused();
      return refund;
    },

    async readRefund(id, { signal } = {}) {
      const answer = await client.send({
        method: 'GET',
        path: `/refunds/${encodeURIComponent(id)}`,
        ...(signal && { signal }),
      });
      return answer === undefined ? undefined : toRefund(answer);
    },

    parseNotification(body) {
      const parsed = notificationMessage.safeParse(body);
      if (!parsed.success) throw notificationInvalid(parsed.error);
      const { object } = parsed.data;
      return { paymentId: 'payment_id' in object ? object.payment_id : object.id };
    },
  };
}

const STATUS = {
  pending: 'pending',
  waiting_for_capture: 'authorized',
  succeeded: 'succeeded',
  canceled: 'canceled',
} as const;

function toPayment(answer: unknown): ProviderPayment {
  const message = parse(paymentMessage, answer);
  const amount = toMoney(message.amount);
  return {
    id: message.id,
    status: STATUS[message.status],
    amount,
    refunded: message.refunded_amount === undefined ? 0 : toMoney(message.refunded_amount).hundredths,
    reference: message.metadata?.payment_id,
    confirmationUrl: message.confirmation?.confirmation_url,
    reason: message.cancellation_details?.reason,
  };
}

function toRefund(answer: unknown): ProviderRefund {
  const { id, status } = parse(refundMessage, answer);
  return { id, status };
}

function toMessage({ hundredths, currency }: Money): z.output<typeof amountMessage> {
  return { value: formatHundredths(hundredths), currency };
}

function toMoney({ value, currency }: z.output<typeof amountMessage>): Money {
  try {
    return { hundredths: parseHundredths(value), currency };
  } catch (cause) {
    throw answerInvalid(cause);
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw answerInvalid(parsed.error);
}

function answerInvalid(cause: unknown): AppError {
  return new AppError({
    code: 'payment_provider_answer_invalid',
    kind: 'unavailable',
    retryable: true,
    message: 'The payment provider gave an answer that is not understood.',
    cause,
  });
}
