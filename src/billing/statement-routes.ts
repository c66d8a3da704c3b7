import type { Knex } from 'knex';
import { z } from 'zod';
import { writeCsv } from '../platform/csv.ts';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { isTimeZone } from '../platform/time-zone.ts';
import { minutesToJson } from './minutes.ts';
import { readStatement } from './statement.ts';
import { toTransaction, transactionAnswer } from './transaction-answer.ts';
import { minutes } from './wire.ts';

const DAY_MS = 86_400_000;
const MOST_DAYS = 366;

const period = z
  .strictObject({
    from_date: z.iso.date().describe('The first day'),
    to_date: z.iso.date().describe('The last day, included'),
    time_zone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'must be a name of the IANA time zone database')
      .default('UTC')
      .describe('Where the days begin'),
  })
  .refine(({ from_date: from, to_date: to }) => from <= to, {
    path: ['to_date'],
    error: 'must not be before from_date',
  })
  .refine(({ from_date: from, to_date: to }) => (Date.parse(to) - Date.parse(from)) / DAY_MS < MOST_DAYS, {
    path: ['to_date'],
    error: `must be less than ${MOST_DAYS} days after from_date`,
  });

const statementAnswer = z.object({
  from_date: z.iso.date(),
  to_date: z.iso.date(),
  time_zone: z.string(),
  opening_balance: minutes,
  closing_balance: minutes,
  transactions: z.array(transactionAnswer).describe('The oldest first'),
});
type StatementAnswer = z.output<typeof statementAnswer>;

export function statementRoutes({ knex }: { readonly knex: Knex }): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/billing/statement',
      summary: 'What changed the balance in a period of at most a year',
      tag: 'billing',
      access: 'user',
      query: period,
      answer: statementAnswer,
      errors: ['statement_too_long'],
      formats: {
        csv: {
          mediaType: 'text/csv',
          fileName: ({ from_date: from, to_date: to }) => `statement-${from}-${to}.csv`,
          write: toCsv,
        },
      },
      async handle({ principal, query }) {
        const { from_date: fromDate, to_date: toDate, time_zone: timeZone } = query;
        const { opening, closing, entries } = await readStatement(knex, principal.userId, {
          fromDate,
          toDate,
          timeZone,
        });
        return {
          ...query,
          opening_balance: minutesToJson(opening),
          closing_balance: minutesToJson(closing),
          transactions: entries.map(toTransaction),
        };
      },
    }),
  ];
}

function toCsv({ transactions }: StatementAnswer): string {
  return writeCsv(
    ['created_at', 'type', 'minutes_delta', 'balance_after', 'amount_rub', 'reason'],
    transactions.map((row) => [
      row.created_at,
      row.type,
      row.minutes_delta,
      row.balance_after,
      row.amount_rub,
      row.reason,
    ]),
  );
}
