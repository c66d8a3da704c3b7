import type { Knex } from 'knex';
import { Counter } from 'prom-client';
import { AppError } from '../../platform/errors.ts';
import type { Route } from '../../platform/http/route.ts';
import type { Logger } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { createAddressLimit } from '../../platform/rate-limit.ts';
import { expirePayments } from './checks.ts';
import { createDeposit, readDeposit } from './deposits.ts';
import { notify } from './notifications.ts';
import { paymentRoutes } from './payment-routes.ts';
import type { PaymentService } from './payment-service.ts';
import { readPayments, type Payment } from './payment-rows.ts';
import type { PaymentProvider } from './provider.ts';
import { refundPayment } from './refunds.ts';

export interface PaymentsOptions {
  readonly knex: Knex;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Without one nobody can pay. */
  readonly provider: PaymentProvider | undefined;
  /** How people reach the page. */
  readonly publicUrl: string;
}

export interface Payments extends PaymentService {
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
  const service: PaymentService = {
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
