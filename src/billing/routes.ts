import type { Knex } from 'knex';
import { z } from 'zod';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { readBalance, readLedger } from './balance.ts';
import { minutesToJson } from './minutes.ts';

const minutes = z.number().describe('Minutes, at most two decimals');

const balanceQuery = z.strictObject({
  cursor: z.coerce.number().int().positive().optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

const balanceAnswer = z.object({
  minutes_balance: minutes,
  minutes_held: minutes.describe('Set aside for calls under way'),
  minutes_available: minutes,
  transactions: z.array(
    z.object({
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
      created_at: z.iso.datetime(),
    }),
  ),
  next_cursor: z.string().nullable(),
});

export function billingRoutes({ knex }: { readonly knex: Knex }): Route[] {
  const balance = defineRoute({
    method: 'get',
    path: '/api/billing/balance',
    summary: 'The balance, and what changed it, newest first',
    tag: 'billing',
    access: 'user',
    query: balanceQuery,
    answer: balanceAnswer,
    async handle({ principal, query }) {
      const wallet = await readBalance(knex, principal.userId);
      // One more than asked for tells whether there is a next page.
      const entries = await readLedger(knex, principal.userId, { before: query.cursor, limit: query.limit + 1 });
      const page = entries.slice(0, query.limit);
      return {
        minutes_balance: minutesToJson(wallet.balance),
        minutes_held: minutesToJson(wallet.held),
        minutes_available: minutesToJson(wallet.available),
        transactions: page.map((entry) => ({
          id: entry.id,
          type: entry.type,
          minutes_delta: minutesToJson(entry.delta),
          balance_after: minutesToJson(entry.balanceAfter),
          created_at: entry.createdAt.toISOString(),
        })),
        next_cursor: entries.length > page.length ? String(page.at(-1)?.sequence) : null,
      };
    },
  });
  return [balance];
}
