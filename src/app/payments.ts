import type { Knex } from 'knex';
import {
  createPayments,
  createSandbox,
  createSandboxPage,
  createYookassa,
  type PageHandler,
  type PaymentProvider,
  type Payments,
} from '../billing/index.ts';
import type { ServiceConfig } from '../platform/config.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';

export interface OpenedPayments {
  readonly payments: Payments;
  /** Pages of the provider that are served here. */
  readonly pages: readonly PageHandler[];
}

/** Payments with the provider that is configured; the same in every process that has to do with them. */
export function openPayments(
  config: ServiceConfig,
  parts: { readonly knex: Knex; readonly log: Logger; readonly metrics: Metrics },
): OpenedPayments {
  const { knex, log } = parts;
  const { publicUrl } = config.web;
  const open = (provider: PaymentProvider | undefined): Payments => createPayments({ ...parts, provider, publicUrl });
  const { provider, yookassa } = config.payments;
  if (provider === undefined) return { payments: open(undefined), pages: [] };
  if (provider === 'sandbox') {
    const sandbox = createSandbox({ knex, production: config.production, publicUrl });
    const payments = open(sandbox);
    const notify = (body: unknown) => payments.notify({ provider: sandbox.name, body, ip: '' });
    return { payments, pages: [createSandboxPage({ sandbox, log, notify })] };
  }
  const { shopId, secretKey, apiUrl, receipts } = yookassa;
  if (shopId === undefined || secretKey === undefined) throw new TypeError('The configuration was checked for these');
  return { payments: open(createYookassa({ shopId, secretKey, apiUrl }, { log, receipts })), pages: [] };
}
