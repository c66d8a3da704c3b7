import type { Knex } from 'knex';
import { userNotFound, type TransactionType } from './ledger.ts';
import { minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { kopecksOf, type Kopecks } from './money.ts';
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
  if (!row) throw userNotFound();
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
  /** What was paid for them; 0 for minutes that were given or taken. */
  readonly price: Kopecks;
  /** What went back to the payer with the minutes that it takes. */
  readonly returned: Kopecks;
  /** The member of staff who did it, and why; for their eyes, but the reason of a gift. */
  readonly actorId: string | null;
  readonly reason: string | null;
  readonly reversesId: string | null;
}

interface LedgerRow {
  readonly id: string;
  readonly sequence: number;
  readonly type: TransactionType;
  readonly minutes_delta: string;
  readonly balance_after: string;
  readonly created_at: Date;
  readonly price_kopecks: number | null;
  readonly returned_kopecks: number | null;
  readonly actor_id: string | null;
  readonly reason: string | null;
  readonly reverses_id: string | null;
}

/** Rows of the ledger with what was paid for them; a condition on `t` follows. */
const SELECT_LEDGER = `
  SELECT t.id, t.sequence, t.type, t.minutes_delta, t.balance_after, t.created_at, t.actor_id, t.reason, t.reverses_id,
    l.price_kopecks, r.amount_kopecks AS returned_kopecks
  FROM wallet_transactions t LEFT JOIN wallet_lots l ON l.wallet_transaction_id = t.id
    LEFT JOIN payment_returns r ON r.wallet_transaction_id = t.id`;

export async function selectLedger(
  knex: Knex,
  condition: string,
  bindings: Readonly<Record<string, Knex.RawBinding>>,
): Promise<LedgerEntry[]> {
  const rows = await selectRows<LedgerRow>(knex, `${SELECT_LEDGER} ${condition}`, bindings);
  return rows.map((row) => ({
    id: row.id,
    sequence: row.sequence,
    type: row.type,
    delta: parseMinutes(row.minutes_delta),
    balanceAfter: parseMinutes(row.balance_after),
    createdAt: row.created_at,
    price: kopecksOf(row.price_kopecks ?? 0),
    returned: kopecksOf(row.returned_kopecks ?? 0),
    actorId: row.actor_id,
    reason: row.reason,
    reversesId: row.reverses_id,
  }));
}

/** The user's ledger, newest first, from before the row number `before`. */
export async function readLedger(
  knex: Knex,
  userId: string,
  page: { readonly before: number | undefined; readonly limit: number },
): Promise<LedgerEntry[]> {
  return selectLedger(
    knex,
    `WHERE t.user_account_id = :userId AND (:before::bigint IS NULL OR t.sequence < :before::bigint)
     ORDER BY t.sequence DESC LIMIT :limit`,
    { userId, before: page.before ?? null, limit: page.limit },
  );
}
