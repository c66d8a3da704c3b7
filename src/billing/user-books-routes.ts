import type { Knex } from 'knex';
import { z } from 'zod';
import { defineRoute, type Route } from '../platform/http/route.ts';
import { readBalance, readLedger } from './balance.ts';
import { readDebt } from './debts.ts';
import { minutesToJson } from './minutes.ts';
import { roublesToJson } from './money.ts';
import { cutPage, ledgerPage, staffTransactionAnswer, toStaffTransaction } from './transaction-answer.ts';
import {
  readOpenLots,
  readSessions,
  readUserFacts,
  readUserPayments,
  type OpenLot,
  type PaymentRow,
  type SessionRow,
} from './user-books.ts';
import { minutes } from './wire.ts';

const LATEST_SESSIONS = 50;
const LATEST_PAYMENTS = 50;

const lotAnswer = z.object({
  id: z.uuid(),
  transaction_id: z.uuid(),
  kind: z.enum(['free', 'paid']),
  minutes,
  remaining_minutes: minutes,
  price_rub: z.number().describe('Paid for the whole lot'),
  created_at: z.iso.datetime(),
});

const sessionAnswer = z.object({
  id: z.uuid(),
  call_id: z.uuid(),
  duration_sec: z.int(),
  billed_minutes: z.int(),
  billed_amount_rub: z.number(),
  end_reason: z.string(),
  ended_at: z.iso.datetime(),
});

const paymentAnswer = z.object({
  id: z.uuid(),
  status: z.string(),
  provider: z.string(),
  amount_rub: z.number().describe('Asked for'),
  captured_rub: z.number().nullable(),
  given_back_rub: z.number().describe('Refunded, or charged back by the bank'),
  credited_minutes: minutes.nullable(),
  reversed_minutes: minutes.describe('Of the credited: taken back, or owed'),
  reason: z.string().nullable().describe('The code of what went wrong'),
  created_at: z.iso.datetime(),
  paid_at: z.iso.datetime().nullable(),
});

const booksAnswer = z.object({
  user: z.object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role: z.enum(['student', 'support', 'analyst', 'admin']),
    created_at: z.iso.datetime(),
    confirmed_at: z.iso.datetime().nullable(),
    blocked_at: z.iso.datetime().nullable(),
  }),
  minutes_balance: minutes,
  minutes_held: minutes,
  minutes_available: minutes,
  minutes_owed: minutes.describe('What the next deposit pays first'),
  lots: z.array(lotAnswer).describe('With something left, in the order in which they are used'),
  sessions: z.array(sessionAnswer).describe(`The latest ${LATEST_SESSIONS} charged calls`),
  payments: z.array(paymentAnswer).describe(`The latest ${LATEST_PAYMENTS}`),
  transactions: z.array(staffTransactionAnswer).describe('The newest first'),
  next_cursor: z.string().nullable(),
});

export function userBooksRoutes({ knex }: { readonly knex: Knex }): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/admin/billing/users/{id}/billing',
      summary: 'One user’s balance, lots, charged calls and ledger',
      tag: 'billing staff',
      access: ['support', 'admin'],
      params: z.object({ id: z.uuid() }),
      query: z.strictObject(ledgerPage),
      answer: booksAnswer,
      errors: ['user_not_found'],
      // One moment's state of all tables: a balance beside a ledger that explains it.
      handle: ({ params: { id }, query }) =>
        knex.transaction(
          async (snapshot) => {
            const user = await readUserFacts(snapshot, id);
            const wallet = await readBalance(snapshot, id);
            const entries = await readLedger(snapshot, id, { before: query.cursor, limit: query.limit + 1 });
            const { page, nextCursor } = cutPage(entries, query.limit);
            return {
              user: {
                ...user,
                created_at: user.created_at.toISOString(),
                confirmed_at: user.confirmed_at?.toISOString() ?? null,
                blocked_at: user.blocked_at?.toISOString() ?? null,
              },
              minutes_balance: minutesToJson(wallet.balance),
              minutes_held: minutesToJson(wallet.held),
              minutes_available: minutesToJson(wallet.available),
              minutes_owed: minutesToJson(await readDebt(snapshot, id)),
              lots: (await readOpenLots(snapshot, id)).map(toLot),
              sessions: (await readSessions(snapshot, id, LATEST_SESSIONS)).map(toSession),
              payments: (await readUserPayments(snapshot, id, LATEST_PAYMENTS)).map(toPayment),
              transactions: page.map(toStaffTransaction),
              next_cursor: nextCursor,
            };
          },
          { isolationLevel: 'repeatable read', readOnly: true },
        ),
    }),
  ];
}

function toLot(lot: OpenLot): z.output<typeof lotAnswer> {
  return {
    id: lot.id,
    transaction_id: lot.transactionId,
    kind: lot.kind,
    minutes: minutesToJson(lot.minutes),
    remaining_minutes: minutesToJson(lot.remaining),
    price_rub: roublesToJson(lot.price),
    created_at: lot.createdAt.toISOString(),
  };
}

function toPayment(payment: PaymentRow): z.output<typeof paymentAnswer> {
  const { captured, creditedMinutes } = payment;
  return {
    id: payment.id,
    status: payment.status,
    provider: payment.provider,
    amount_rub: roublesToJson(payment.amount),
    captured_rub: captured === undefined ? null : roublesToJson(captured),
    given_back_rub: roublesToJson(payment.givenBack),
    credited_minutes: creditedMinutes === undefined ? null : minutesToJson(creditedMinutes),
    reversed_minutes: minutesToJson(payment.reversedMinutes),
    reason: payment.reason,
    created_at: payment.createdAt.toISOString(),
    paid_at: payment.paidAt?.toISOString() ?? null,
  };
}

function toSession(session: SessionRow): z.output<typeof sessionAnswer> {
  return {
    id: session.id,
    call_id: session.callId,
    duration_sec: session.durationSec,
    billed_minutes: session.billedMinutes,
    billed_amount_rub: roublesToJson(session.amount),
    end_reason: session.endReason,
    ended_at: session.endedAt.toISOString(),
  };
}
