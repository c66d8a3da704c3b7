import { z } from 'zod';
import type { LedgerEntry } from './balance.ts';
import { minutesToJson } from './minutes.ts';
import { roublesToJson } from './money.ts';
import { minutes } from './wire.ts';

/** A row of the ledger as its owner sees it. */
export const transactionAnswer = z
  .object({
    id: z.uuid(),
    type: z.enum([
      'deposit',
      'trial',
      'gift',
      'usage',
      'referral_reward',
      'referral_welcome',
      'reversal',
      'adjustment',
    ]),
    minutes_delta: minutes,
    balance_after: minutes,
    amount_rub: z.number().nullable().describe('What was paid for them; below zero, what was given back'),
    reason: z.string().nullable().describe('The giver’s words with a gift'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Transaction' });

/** The same row as staff see it. */
export const staffTransactionAnswer = transactionAnswer
  .extend({
    actor_id: z.uuid().nullable().describe('The member of staff who did it'),
    reverses_id: z.uuid().nullable().describe('The row that it takes back'),
  })
  .meta({ id: 'StaffTransaction' });

/** Reasons of corrections are notes between staff. */
export function toTransaction(entry: LedgerEntry): z.output<typeof transactionAnswer> {
  return {
    id: entry.id,
    type: entry.type,
    minutes_delta: minutesToJson(entry.delta),
    balance_after: minutesToJson(entry.balanceAfter),
    amount_rub: amountOf(entry),
    reason: entry.type === 'gift' ? entry.reason : null,
    created_at: entry.createdAt.toISOString(),
  };
}

function amountOf({ price, returned }: LedgerEntry): number | null {
  if (price > 0) return roublesToJson(price);
  return returned > 0 ? -roublesToJson(returned) : null;
}

export function toStaffTransaction(entry: LedgerEntry): z.output<typeof staffTransactionAnswer> {
  return { ...toTransaction(entry), reason: entry.reason, actor_id: entry.actorId, reverses_id: entry.reversesId };
}

/** By the sequence within one user's ledger. */
export const ledgerPage = {
  cursor: z.coerce
    .number()
    .int()
    .positive()
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
};

/** Of entries of which one more was read than the page has: that one tells whether there is a next page. */
export function cutPage(
  entries: readonly LedgerEntry[],
  limit: number,
): { readonly page: readonly LedgerEntry[]; readonly nextCursor: string | null } {
  const page = entries.slice(0, limit);
  return { page, nextCursor: entries.length > page.length ? String(page.at(-1)?.sequence) : null };
}
