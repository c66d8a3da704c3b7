import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { line } from '../../platform/http/line.ts';
import { defineRoute, type Route } from '../../platform/http/route.ts';
import { minutesToJson } from '../minutes.ts';
import { kopecksOf, roublesToJson } from '../money.ts';
import { amountRub, minutes, roublesFromJson } from '../wire.ts';
import type { Payment } from './payment-rows.ts';
import type { PaymentService } from './payment-service.ts';

const status = z.enum([
  'created',
  'pending',
  'succeeded',
  'partially_refunded',
  'refunded',
  'canceled',
  'expired',
  'failed',
  'mismatch',
]);

const depositAnswer = z
  .object({
    payment_id: z.uuid(),
    status,
    confirmation_url: z.string().nullable().describe('Where to pay; null when that is over'),
    amount_rub: z.number(),
    minutes: minutes.describe('Credited; before that, what the amount was quoted to buy'),
    refunded_rub: z.number(),
    created_at: z.iso.datetime(),
    paid_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Deposit' });

const staffAnswer = depositAnswer
  .extend({
    user_id: z.uuid(),
    provider: z.string(),
    provider_payment_id: z.string().nullable(),
    captured_rub: z.number().nullable(),
    captured_currency: z.string().nullable(),
    charged_back_rub: z.number(),
    reversed_minutes: minutes.describe('Taken back, or owed'),
    reason: z.string().nullable().describe('The code of what went wrong'),
  })
  .meta({ id: 'StaffPayment' });

const refundBody = z.strictObject({
  amount_rub: amountRub.optional().describe('Without it, all that is left'),
  kind: z
    .enum(['refund', 'chargeback'])
    .default('refund')
    .describe('chargeback: the bank has taken the money already; only the minutes are taken back'),
  reason: line(1, 500),
});

const PROVIDER_ERRORS = ['payment_refused', 'payment_provider_unavailable', 'payment_provider_misconfigured'];

export function paymentRoutes(payments: PaymentService): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/billing/deposits',
      summary: 'Begin to pay; send the payer to `confirmation_url`',
      tag: 'billing',
      access: 'user',
      status: 201,
      idempotency: 'required',
      body: z.strictObject({ amount_rub: amountRub }),
      answer: depositAnswer,
      errors: [
        'amount_too_small',
        'amount_too_large',
        'too_many_deposits',
        'idempotency_key_reused',
        'payments_unavailable',
        ...PROVIDER_ERRORS,
      ],
      async handle({ body, principal, idempotencyKey }) {
        const amount = roublesFromJson(body.amount_rub);
        const deposit = { userId: principal.userId, amount, idempotencyKey: given(idempotencyKey) };
        return toAnswer(await payments.createDeposit(deposit));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/billing/deposits/{id}',
      summary: 'How a payment of one’s own stands',
      tag: 'billing',
      access: 'user',
      params: z.object({ id: z.uuid() }),
      answer: depositAnswer,
      errors: ['payment_not_found'],
      handle: async ({ params, principal }) =>
        toAnswer(await payments.readDeposit({ userId: principal.userId, paymentId: params.id })),
    }),
    defineRoute({
      method: 'post',
      path: '/api/billing/webhooks/{provider}',
      summary: 'For the payment provider: a payment changed',
      description: 'Nothing in the notification is believed; the payment is read from the provider.',
      tag: 'billing',
      access: 'public',
      params: z.object({ provider: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/) }),
      body: z.looseObject({}),
      answer: z.object({ status: z.enum(['settled', 'ignored']) }),
      errors: ['payment_provider_unknown', 'notification_invalid', 'too_many_requests', ...PROVIDER_ERRORS],
      handle: async ({ params, body, ip }) => ({
        status: await payments.notify({ provider: params.provider, body, ip }),
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/admin/billing/payments',
      summary: 'Payments, the newest first; those of status `mismatch` wait for a decision',
      tag: 'billing staff',
      access: ['support', 'admin'],
      query: z.strictObject({
        status: status.optional(),
        cursor: z.uuid().optional().describe('`next_cursor` of the page before'),
        limit: z.coerce.number().int().min(1).max(100).default(20),
      }),
      answer: z.object({ payments: z.array(staffAnswer), next_cursor: z.string().nullable() }),
      async handle({ query }) {
        // One more than asked for tells whether there is a next page.
        const found = await payments.list({ status: query.status, before: query.cursor, limit: query.limit + 1 });
        const page = found.slice(0, query.limit);
        return {
          payments: page.map(toStaffAnswer),
          next_cursor: found.length > page.length ? (page.at(-1)?.id ?? null) : null,
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/billing/payments/{id}/refund',
      summary: 'Give a payment back, wholly or in part; its minutes are taken back, what was spent is owed',
      tag: 'billing staff',
      access: ['admin'],
      idempotency: 'required',
      params: z.object({ id: z.uuid() }),
      body: refundBody,
      answer: staffAnswer,
      errors: [
        'payment_not_found',
        'refund_too_large',
        'idempotency_key_reused',
        'payment_provider_not_configured',
        'payer_unknown',
        ...PROVIDER_ERRORS,
      ],
      handle: async ({ params, body, principal, ip, idempotencyKey }) =>
        toStaffAnswer(
          await payments.refund({
            paymentId: params.id,
            amount: body.amount_rub === undefined ? undefined : roublesFromJson(body.amount_rub),
            kind: body.kind,
            reason: body.reason,
            idempotencyKey: given(idempotencyKey),
            actorId: principal.userId,
            ip,
          }),
        ),
    }),
  ];
}

/** The application refuses a request without the key before it comes here. */
function given(idempotencyKey: string | undefined): string {
  if (idempotencyKey !== undefined) return idempotencyKey;
  throw new AppError({ code: 'idempotency_key_missing', kind: 'invalid', message: 'Send an Idempotency-Key header.' });
}

function toAnswer(payment: Payment): z.output<typeof depositAnswer> {
  const open = payment.status === 'created' || payment.status === 'pending';
  return {
    payment_id: payment.id,
    status: payment.status,
    confirmation_url: open ? (payment.confirmationUrl ?? null) : null,
    amount_rub: roublesToJson(payment.amount),
    minutes: minutesToJson(payment.credited ?? payment.quoted),
    refunded_rub: rub(payment.refunded),
    created_at: payment.createdAt.toISOString(),
    paid_at: payment.paidAt?.toISOString() ?? null,
  };
}

function toStaffAnswer(payment: Payment): z.output<typeof staffAnswer> {
  return {
    ...toAnswer(payment),
    user_id: payment.userId,
    provider: payment.provider,
    provider_payment_id: payment.providerPaymentId ?? null,
    captured_rub: payment.captured === undefined ? null : rub(payment.captured),
    captured_currency: payment.capturedCurrency ?? null,
    charged_back_rub: rub(payment.chargedBack),
    reversed_minutes: minutesToJson(payment.reversed),
    reason: payment.reason ?? null,
  };
}

function rub(hundredths: number): number {
  return roublesToJson(kopecksOf(hundredths));
}
