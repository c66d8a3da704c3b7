import type { Knex } from 'knex';
import { userNotFound } from './ledger.ts';
import { parseMinutes, type Minutes } from './minutes.ts';
import { kopecksOf, parseRoubles, type Kopecks } from './money.ts';
import { selectRow, selectRows } from './sql.ts';

/** What staff see of one user besides the ledger. */

export interface UserFacts {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: 'student' | 'support' | 'analyst' | 'admin';
  readonly created_at: Date;
  readonly confirmed_at: Date | null;
  readonly blocked_at: Date | null;
}

/** @throws AppError `user_not_found` */
export async function readUserFacts(knex: Knex, userId: string): Promise<UserFacts> {
  const user = await selectRow<UserFacts>(
    knex,
    `SELECT a.id, a.email, p.name, a.role, a.created_at, a.confirmed_at, a.blocked_at
     FROM user_accounts a JOIN user_profiles p ON p.user_account_id = a.id WHERE a.id = :userId`,
    { userId },
  );
  if (!user) throw userNotFound();
  return user;
}

export interface OpenLot {
  readonly id: string;
  readonly transactionId: string;
  readonly kind: 'free' | 'paid';
  readonly minutes: Minutes;
  readonly remaining: Minutes;
  /** Paid for the whole lot. */
  readonly price: Kopecks;
  readonly createdAt: Date;
}

/** Lots with something left, in the order in which they will be used. */
export async function readOpenLots(knex: Knex, userId: string): Promise<OpenLot[]> {
  const rows = await selectRows<{
    id: string;
    wallet_transaction_id: string;
    kind: 'free' | 'paid';
    minutes: string;
    remaining: string;
    price_kopecks: number;
    created_at: Date;
  }>(
    knex,
    `SELECT id, wallet_transaction_id, kind, minutes, remaining, price_kopecks, created_at FROM wallet_lots
     WHERE user_account_id = :userId AND remaining > 0 ORDER BY kind, created_at, id`,
    { userId },
  );
  return rows.map((row) => ({
    id: row.id,
    transactionId: row.wallet_transaction_id,
    kind: row.kind,
    minutes: parseMinutes(row.minutes),
    remaining: parseMinutes(row.remaining),
    price: kopecksOf(row.price_kopecks),
    createdAt: row.created_at,
  }));
}

export interface SessionRow {
  readonly id: string;
  readonly callId: string;
  readonly durationSec: number;
  readonly billedMinutes: number;
  readonly amount: Kopecks;
  readonly endReason: string;
  readonly endedAt: Date;
}

/** The latest first. */
export async function readSessions(knex: Knex, userId: string, limit: number): Promise<SessionRow[]> {
  const rows = await selectRows<{
    id: string;
    call_id: string;
    duration_sec: number;
    billed_minutes: number;
    billed_amount_rub: string;
    end_reason: string;
    created_at: Date;
  }>(
    knex,
    `SELECT s.id, s.call_id, s.duration_sec, s.billed_minutes, s.billed_amount_rub, c.end_reason, s.created_at
     FROM usage_sessions s JOIN calls c ON c.id = s.call_id
     WHERE s.user_account_id = :userId ORDER BY s.created_at DESC, s.id DESC LIMIT :limit`,
    { userId, limit },
  );
  return rows.map((row) => ({
    id: row.id,
    callId: row.call_id,
    durationSec: row.duration_sec,
    billedMinutes: row.billed_minutes,
    amount: parseRoubles(row.billed_amount_rub),
    endReason: row.end_reason,
    endedAt: row.created_at,
  }));
}

export interface PaymentRow {
  readonly id: string;
  readonly status: string;
  readonly provider: string;
  /** Asked for. */
  readonly amount: Kopecks;
  readonly captured: Kopecks | undefined;
  /** Refunded, or charged back by the bank. */
  readonly givenBack: Kopecks;
  readonly creditedMinutes: Minutes | undefined;
  /** Of these: taken back, or owed. */
  readonly reversedMinutes: Minutes;
  /** The code of what went wrong. */
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly paidAt: Date | null;
}

/** The latest first. */
export async function readUserPayments(knex: Knex, userId: string, limit: number): Promise<PaymentRow[]> {
  const rows = await selectRows<{
    id: string;
    status: string;
    provider: string;
    amount_kopecks: number;
    captured_kopecks: number | null;
    given_back_kopecks: number;
    credited_minutes: string | null;
    reversed_minutes: string;
    reason: string | null;
    created_at: Date;
    paid_at: Date | null;
  }>(
    knex,
    `SELECT id, status, provider, amount_kopecks, captured_kopecks,
       refunded_kopecks + charged_back_kopecks AS given_back_kopecks, credited_minutes, reversed_minutes, reason,
       created_at, paid_at
     FROM payments WHERE user_account_id = :userId ORDER BY id DESC LIMIT :limit`,
    { userId, limit },
  );
  return rows.map((row) => ({
    id: row.id,
    status: row.status,
    provider: row.provider,
    amount: kopecksOf(row.amount_kopecks),
    captured: row.captured_kopecks === null ? undefined : kopecksOf(row.captured_kopecks),
    givenBack: kopecksOf(row.given_back_kopecks),
    creditedMinutes: row.credited_minutes === null ? undefined : parseMinutes(row.credited_minutes),
    reversedMinutes: parseMinutes(row.reversed_minutes),
    reason: row.reason,
    createdAt: row.created_at,
    paidAt: row.paid_at,
  }));
}
