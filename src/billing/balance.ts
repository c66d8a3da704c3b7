import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import type { TransactionType } from './ledger.ts';
import { minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { selectRow, selectRows } from './sql.ts';

export interface Balance {
  readonly balance: Minutes;
  readonly held: Minutes;
  readonly available: Minutes;
}

/** @throws AppError `user_not_found` */
export async function readBalance(knex: Knex, userId: string): Promise<Balance> {
  const row = await selectRow<{ minutes_balance: string; minutes_held: string }>(
    knex,
    'SELECT minutes_balance, minutes_held FROM user_profiles WHERE user_account_id = :userId',
    { userId },
  );
  if (!row) throw new AppError({ code: 'user_not_found', kind: 'not_found', message: 'There is no such user.' });
  const balance = parseMinutes(row.minutes_balance);
  const held = parseMinutes(row.minutes_held);
  return { balance, held, available: minutesOf(balance - held) };
}

export interface LedgerEntry {
  readonly id: string;
  readonly sequence: number;
  readonly type: TransactionType;
  readonly delta: Minutes;
  readonly balanceAfter: Minutes;
  readonly createdAt: Date;
}

/** The user's ledger, newest first, from before the row number `before`. */
export async function readLedger(
  knex: Knex,
  userId: string,
  page: { readonly before: number | undefined; readonly limit: number },
): Promise<LedgerEntry[]> {
  const rows = await selectRows<{
    id: string;
    sequence: number;
    type: TransactionType;
    minutes_delta: string;
    balance_after: string;
    created_at: Date;
  }>(
    knex,
    `SELECT id, sequence, type, minutes_delta, balance_after, created_at
     FROM wallet_transactions
     WHERE user_account_id = :userId AND (:before::bigint IS NULL OR sequence < :before::bigint)
     ORDER BY sequence DESC LIMIT :limit`,
    { userId, before: page.before ?? null, limit: page.limit },
  );
  return rows.map((row) => ({
    id: row.id,
    sequence: row.sequence,
    type: row.type,
    delta: parseMinutes(row.minutes_delta),
    balanceAfter: parseMinutes(row.balance_after),
    createdAt: row.created_at,
  }));
}
