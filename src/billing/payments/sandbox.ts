import type { Knex } from 'knex';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { selectRow } from '../sql.ts';
import {
  notificationInvalid,
  paymentRefused,
  type PaymentProvider,
  type ProviderPayment,
  type ProviderRefund,
} from './provider.ts';

/** A provider for development: its page asks whether to pay, and no money moves. It keeps its own books. */
export interface Sandbox extends PaymentProvider {
  /** The payer pressed a button. Answers where they came from, or `undefined` for an unknown payment. */
  decide(id: string, decision: 'succeeded' | 'canceled'): Promise<SandboxPayment | undefined>;
  find(id: string): Promise<SandboxPayment | undefined>;
}

export interface SandboxPayment {
  readonly id: string;
  readonly reference: string;
  readonly status: 'pending' | 'succeeded' | 'canceled';
  readonly amountKopecks: number;
  readonly description: string;
  readonly returnUrl: string;
}

interface SandboxRow {
  readonly id: string;
  readonly reference: string;
  readonly status: 'pending' | 'succeeded' | 'canceled';
  readonly amount_kopecks: number;
  readonly description: string;
  readonly return_url: string;
  readonly refunded: number;
}

const notification = z.object({ event: z.string(), object: z.object({ id: z.uuid() }) });

const CURRENCY = 'RUB';

const READ = `SELECT p.*, (SELECT coalesce(sum(amount_kopecks), 0)::bigint FROM sandbox_refunds r
  WHERE r.sandbox_payment_id = p.id) AS refunded FROM sandbox_payments p WHERE`;

/** @throws AppError `sandbox_in_production`: it would give minutes away */
export function createSandbox(options: {
  readonly knex: Knex;
  readonly production: boolean;
  /** How people reach the page. */
  readonly publicUrl: string;
}): Sandbox {
  const { knex, production, publicUrl } = options;
  if (production) {
    throw new AppError({
      code: 'sandbox_in_production',
      kind: 'internal',
      message: 'The sandbox takes no money: it does not run in production.',
    });
  }

  const read = async (id: string): Promise<ProviderPayment | undefined> => {
    if (!z.uuid().safeParse(id).success) return undefined;
    const row = await selectRow<SandboxRow>(knex, `${READ} p.id = :id`, { id });
    return row && toProviderPayment(row);
  };

  const find = async (id: string): Promise<SandboxPayment | undefined> => {
    if (!z.uuid().safeParse(id).success) return undefined;
    const row = await selectRow<SandboxRow>(knex, `${READ} p.id = :id`, { id });
    return (
      row && {
        id: row.id,
        reference: row.reference,
        status: row.status,
        amountKopecks: row.amount_kopecks,
        description: row.description,
        returnUrl: row.return_url,
      }
    );
  };

  function toProviderPayment(row: SandboxRow): ProviderPayment {
    return {
      id: row.id,
      status: row.status,
      amount: { hundredths: row.amount_kopecks, currency: CURRENCY },
      refunded: row.refunded,
      reference: row.reference,
      confirmationUrl: row.status === 'pending' ? `${publicUrl}/sandbox/payments/${row.id}` : undefined,
      reason: row.status === 'canceled' ? 'declined' : undefined,
    };
  }

  return {
    name: 'sandbox',
    sendsReceipts: false,

    async createPayment({ paymentId, amount, description, returnUrl }) {
      if (amount.currency !== CURRENCY) throw paymentRefused();
      await knex('sandbox_payments')
        .insert({
          idempotence_key: paymentId,
          reference: paymentId,
          amount_kopecks: amount.hundredths,
          description,
          return_url: returnUrl,
        })
        .onConflict('idempotence_key')
        .ignore();
      const row = await selectRow<SandboxRow>(knex, `${READ} p.idempotence_key = :paymentId`, { paymentId });
      if (!row) throw new Error('A payment that was just written is gone');
      return toProviderPayment(row);
    },

    readPayment: read,

    // It captures by itself, so nothing ever waits for it.
    capture: () => Promise.reject(paymentRefused()),

    refund: ({ providerPaymentId, amount, key }) =>
      knex.transaction(async (transaction): Promise<ProviderRefund> => {
        const payment = await selectRow<SandboxRow>(transaction, `${READ} p.id = :id FOR NO KEY UPDATE`, {
          id: providerPaymentId,
        });
        const earlier = await selectRow<{ id: string }>(
          transaction,
          'SELECT id FROM sandbox_refunds WHERE idempotence_key = :key',
          { key },
        );
        if (earlier) return { id: earlier.id, status: 'succeeded' };
        const left = payment?.status === 'succeeded' ? payment.amount_kopecks - payment.refunded : 0;
        if (amount.currency !== CURRENCY || amount.hundredths > left) throw paymentRefused();
        const [refund]: { id: string }[] = await transaction('sandbox_refunds')
          .insert({
            idempotence_key: key,
            sandbox_payment_id: providerPaymentId,
            amount_kopecks: amount.hundredths,
          })
          .returning('id');
        if (!refund) throw new Error('INSERT … RETURNING gave no row');
        return { id: refund.id, status: 'succeeded' };
      }),

    async readRefund(id) {
      const row = await selectRow<{ id: string }>(knex, 'SELECT id FROM sandbox_refunds WHERE id = :id', { id });
      return row && { id: row.id, status: 'succeeded' };
    },

    parseNotification(body) {
      const parsed = notification.safeParse(body);
      if (!parsed.success) throw notificationInvalid(parsed.error);
      return { paymentId: parsed.data.object.id };
    },

    async decide(id, decision) {
      // The first decision stands.
      await knex('sandbox_payments').where({ id, status: 'pending' }).update({ status: decision });
      return find(id);
    },

    find,
  };
}
