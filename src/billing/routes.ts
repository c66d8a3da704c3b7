import type { Knex } from 'knex';
import { z } from 'zod';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { readBalance, readLedger } from './balance.ts';
import { readDebt } from './debts.ts';
import { minutesToJson } from './minutes.ts';
import { cutPage, ledgerPage, toTransaction, transactionAnswer } from './transaction-answer.ts';
import { minutes } from './wire.ts';

const balanceAnswer = z.object({
  minutes_balance: minutes,
  minutes_held: minutes.describe('Set aside for calls under way'),
  minutes_available: minutes,
  minutes_owed: minutes.describe('Refunded after they were spent: the next deposits pay them first'),
  transactions: z.array(transactionAnswer),
  next_cursor: z.string().nullable(),
});

export function billingRoutes({ knex }: { readonly knex: Knex }): Route[] {
  const balance = defineRoute({
    method: 'get',
    path: '/api/billing/balance',
    summary: 'The balance, and what changed it, newest first',
    tag: 'billing',
    access: 'user',
    query: z.strictObject(ledgerPage),
    answer: balanceAnswer,
    async handle({ principal, query }) {
      const wallet = await readBalance(knex, principal.userId);
      const entries = await readLedger(knex, principal.userId, { before: query.cursor, limit: query.limit + 1 });
      const { page, nextCursor } = cutPage(entries, query.limit);
      return {
        minutes_balance: minutesToJson(wallet.balance),
        minutes_held: minutesToJson(wallet.held),
        minutes_available: minutesToJson(wallet.available),
        minutes_owed: minutesToJson(await readDebt(knex, principal.userId)),
        transactions: page.map(toTransaction),
        next_cursor: nextCursor,
      };
    },
  });
  return [balance];
}
