import type { Knex } from 'knex';
import { Counter } from 'prom-client';
import { AppError } from '../../platform/errors.ts';
import type { Route } from '../../platform/http/route.ts';
import type { Logger } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { createAddressLimit } from '../../platform/rate-limit.ts';
import type { Kopecks } from '../money.ts';
import { expirePayments, type PaymentReport } from './checks.ts';
import { createDeposit, readDeposit } from './deposits.ts';
import { notify } from './notifications.ts';
import { paymentRoutes } from './payment-routes.ts';
import { readPayments, type Payment } from './payment-rows.ts';
import type { PaymentStatus } from './payment-state.ts';
import type { PaymentProvider } from './provider.ts';
import { refundPayment, type RefundRequest } from './refunds.ts';

export interface PaymentsOptions {
  readonly knex: Knex;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Without one nobody can pay. */
  readonly provider: PaymentProvider | undefined;
  /** How people reach the page. */
  readonly publicUrl: string;
}

/** Each member can be handed on by itself. */
export interface Payments {
  readonly createDeposit: (deposit: {
    readonly userId: string;
    readonly amount: Kopecks;
    readonly idempotencyKey: string;
  }) => Promise<Payment>;
  readonly readDeposit: (of: { readonly userId: string; readonly paymentId: string }) => Promise<Payment>;
  /** Everybody's, for staff, the newest first. */
  readonly list: (page: {
    readonly status: PaymentStatus | undefined;
    readonly before: string | undefined;
    readonly limit: number;
  }) => Promise<Payment[]>;
  readonly refund: (request: RefundRequest) => Promise<Payment>;
  /** What came to a webhook, from whomever. */
  readonly notify: (notification: {
    readonly provider: string;
    readonly body: unknown;
    readonly ip: string;
  }) => Promise<'settled' | 'ignored'>;
  /** To be run again and again by somebody. */
  readonly expire: (signal?: AbortSignal) => Promise<PaymentReport>;
  readonly routes: readonly Route[];
}

export function createPayments({ knex, log, metrics, provider, publicUrl }: PaymentsOptions): Payments {
  const reached =
    metrics &&
    new Counter({
      name: 'billing_payments_total',
      help: 'Payments that reached a status; mismatch needs staff',
      labelNames: ['provider', 'status'],
      registers: [metrics],
    });
  const options = {
    knex,
    log,
    provider,
    returnUrl: (paymentId: string) => `${publicUrl}/deposit/${paymentId}`,
    onStatus: (payment: Payment) => reached?.inc({ provider: payment.provider, status: payment.status }),
    limitSenders: createAddressLimit({ requests: 300, perSeconds: 60 }),
    // Each of these makes us ask the provider.
    limitStrangers: createAddressLimit({ requests: 20, perSeconds: 60 }),
  };
  const service: Omit<Payments, 'routes'> = {
    async createDeposit(deposit) {
      if (provider) return createDeposit({ ...options, provider }, deposit);
      throw new AppError({
        code: 'payments_unavailable',
        kind: 'unavailable',
        message: 'Payments are not set up here.',
      });
    },
    readDeposit: (of) => readDeposit(options, of),
    list: (page) => readPayments(knex, page),
    refund: (request) => refundPayment(options, request),
    notify: (notification) => notify(options, notification),
    expire: (signal) => expirePayments(options, signal),
  };
  return { ...service, routes: paymentRoutes(service) };
}
