import { z } from 'zod';
import { ADMINS } from '../roles.ts';
import { orderOf, type PanelServices } from '../services.ts';
import { defineAction, type PanelAction } from './action.ts';
import { decimalText, reason, reasonField } from './reason.ts';

export function referralActions({ billing }: Pick<PanelServices, 'billing'>): PanelAction[] {
  return [
    defineAction({
      name: 'block',
      icon: 'Slash',
      roles: ADMINS,
      danger: true,
      fields: [reasonField, { name: 'reverse', type: 'flag' }],
      input: z.object({ reason, reverse: z.boolean() }),
      async run({ by, id, input }) {
        await billing.blockReferral({ referralId: id, ...input, ...orderOf(by) });
        return 'referralBlocked';
      },
    }),
    defineAction({
      name: 'unblock',
      icon: 'Unlock',
      roles: ADMINS,
      fields: [reasonField],
      input: z.object({ reason }),
      possible: (record) => record['status'] === 'blocked',
      async run({ by, id, input }) {
        await billing.unblockReferral({ referralId: id, ...input, ...orderOf(by) });
        return 'referralUnblocked';
      },
    }),
  ];
}

export function paymentActions({ payments }: Pick<PanelServices, 'payments'>): PanelAction[] {
  return [
    defineAction({
      name: 'refund',
      icon: 'CornerUpLeft',
      roles: ADMINS,
      danger: true,
      fields: [
        { name: 'amount', type: 'decimal' },
        { name: 'kind', type: 'choice', choices: ['refund', 'chargeback'], required: true },
        reasonField,
      ],
      input: z.object({
        amount: decimalText.refine((text) => Number(text) > 0).optional(),
        kind: z.enum(['refund', 'chargeback']),
        reason,
      }),
      possible: (record) => ['succeeded', 'partially_refunded', 'mismatch'].includes(String(record['status'])),
      async run({ by, id, input, idempotencyKey }) {
        await payments.refund({
          paymentId: id,
          amount: input.amount === undefined ? undefined : kopecks(input.amount),
          kind: input.kind,
          reason: input.reason,
          idempotencyKey,
          ...orderOf(by),
        });
        return 'paymentRefunded';
      },
    }),
  ];
}

export function ledgerActions({ billing }: Pick<PanelServices, 'billing'>): PanelAction[] {
  return [
    defineAction({
      name: 'reverse',
      icon: 'RotateCcw',
      roles: ADMINS,
      danger: true,
      fields: [reasonField],
      input: z.object({ reason }),
      possible: (record) => !['reversal', 'deposit'].includes(String(record['type'])),
      async run({ by, id, input, idempotencyKey }) {
        await billing.reverseEntry({ entryId: id, reason: input.reason, idempotencyKey, ...orderOf(by) });
        return 'entryReversed';
      },
    }),
  ];
}

/** Exactly: the digits of a decimal text of at most two places. */
function kopecks(text: string): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
}
