import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { formatMinutes, minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import type { Kopecks } from './money.ts';
import { selectRow } from './sql.ts';

/**
 * Glossary
 * - wallet: `minutes_balance`, `minutes_held` and `ledger_sequence` of a `user_profiles` row.
 * - posting: one change of a wallet's balance with its row in `wallet_transactions`.
 * - credit: a posting that adds minutes; it makes a lot. Debit: one that takes them, from lots.
 *
 * Locks are taken in one order everywhere: call, wallet, lots. Two wallets: in the order of their ids.
 */

export type CreditType = 'deposit' | 'trial' | 'gift' | 'referral_reward' | 'referral_welcome';
export type TransactionType = CreditType | 'usage' | 'reversal' | 'adjustment';

export interface Credit {
  readonly userId: string;
  readonly type: CreditType | 'adjustment' | 'reversal';
  /** The row that a reversal takes back. */
  readonly reversesId?: string;
  readonly minutes: Minutes;
  /** What was paid for them; 0 for minutes that were given. */
  readonly price: Kopecks;
  /** The same key again changes nothing. Unique over all users: begin it with what it is of. */
  readonly idempotencyKey: string;
  /** The member of staff who gives them. */
  readonly actorId?: string;
  readonly reason?: string;
}

export interface Posting {
  readonly transactionId: string;
  /** False when the key had been used before, by the same credit. */
  readonly posted: boolean;
  readonly balanceAfter: Minutes;
}

/**
 * Adds minutes, in the caller's transaction.
 * @throws AppError `user_not_found`; `idempotency_key_reused` for the key of another credit
 */
export async function credit(transaction: Knex.Transaction, entry: Credit): Promise<Posting> {
  // Under the wallet's lock "is there such a key" and "insert it" are one step for this user.
  await lockWallet(transaction, entry.userId);
  const earlier = await findPosting(transaction, entry);
  if (earlier) return earlier;

  const wallet = await selectRow<WalletRow>(
    transaction,
    `UPDATE user_profiles
     SET minutes_balance = minutes_balance + :minutes, ledger_sequence = ledger_sequence + 1
     WHERE user_account_id = :userId
     RETURNING minutes_balance, ledger_sequence`,
    { userId: entry.userId, minutes: formatMinutes(entry.minutes) },
  );
  if (!wallet) throw userNotFound();
  const transactionId = await insertTransaction(transaction, {
    ...entry,
    wallet,
    delta: entry.minutes,
  });
  await transaction.raw(
    `INSERT INTO wallet_lots (user_account_id, wallet_transaction_id, kind, minutes, remaining, price_kopecks)
     VALUES (:userId, :transactionId, :kind, :minutes, :minutes, :price)`,
    {
      userId: entry.userId,
      transactionId,
      kind: entry.price > 0 ? 'paid' : 'free',
      minutes: formatMinutes(entry.minutes),
      price: entry.price,
    },
  );
  return { transactionId, posted: true, balanceAfter: parseMinutes(wallet.minutes_balance) };
}

/** The wallet as an UPDATE just left it: gives the ledger's next row its place and its balance. */
export interface WalletRow {
  readonly minutes_balance: string;
  readonly ledger_sequence: number;
}

export interface TransactionEntry {
  readonly userId: string;
  readonly type: TransactionType;
  readonly delta: Minutes;
  readonly wallet: WalletRow;
  readonly idempotencyKey: string;
  /** The row that a reversal takes back. */
  readonly reversesId?: string;
  readonly actorId?: string;
  readonly reason?: string;
}

/** Writes the ledger's row for a wallet that was just updated under its lock. Returns the row's id. */
export async function insertTransaction(transaction: Knex.Transaction, entry: TransactionEntry): Promise<string> {
  const row = await selectRow<{ id: string }>(
    transaction,
    `INSERT INTO wallet_transactions
       (user_account_id, sequence, type, minutes_delta, balance_after, idempotency_key, reverses_id,
        actor_id, reason)
     VALUES (:userId, :sequence, :type, :delta, :balanceAfter, :idempotencyKey, :reversesId, :actorId, :reason)
     RETURNING id`,
    {
      userId: entry.userId,
      sequence: entry.wallet.ledger_sequence,
      type: entry.type,
      delta: formatMinutes(entry.delta),
      balanceAfter: entry.wallet.minutes_balance,
      idempotencyKey: entry.idempotencyKey,
      reversesId: entry.reversesId ?? null,
      actorId: entry.actorId ?? null,
      reason: entry.reason ?? null,
    },
  );
  if (!row) throw new Error('INSERT … RETURNING gave no row');
  return row.id;
}

/** Locks several wallets in the order of their ids, so that two who lock the same ones never wait for each other. */
export async function lockWallets(transaction: Knex.Transaction, userIds: readonly string[]): Promise<void> {
  await transaction.raw(
    `SELECT FROM user_profiles WHERE user_account_id = ANY(:userIds::uuid[])
     ORDER BY user_account_id FOR NO KEY UPDATE`,
    { userIds: [...userIds] },
  );
}

/** @throws AppError `user_not_found` */
export async function lockWallet(transaction: Knex.Transaction, userId: string): Promise<void> {
  const row = await selectRow(
    transaction,
    'SELECT FROM user_profiles WHERE user_account_id = :userId FOR NO KEY UPDATE',
    { userId },
  );
  if (!row) throw userNotFound();
}

/**
 * What was posted under this key before. To be asked under the wallet's lock.
 * @throws AppError `idempotency_key_reused` when it was something else
 */
export async function findPosting(
  transaction: Knex.Transaction,
  entry: Pick<TransactionEntry, 'userId' | 'type' | 'idempotencyKey'> & { readonly minutes: Minutes },
): Promise<Posting | undefined> {
  const row = await selectRow<{
    id: string;
    user_account_id: string;
    type: string;
    minutes_delta: string;
    balance_after: string;
  }>(
    transaction,
    `SELECT id, user_account_id, type, minutes_delta, balance_after
     FROM wallet_transactions WHERE idempotency_key = :idempotencyKey`,
    { idempotencyKey: entry.idempotencyKey },
  );
  if (!row) return undefined;
  const same =
    row.user_account_id === entry.userId &&
    row.type === entry.type &&
    parseMinutes(row.minutes_delta) === minutesOf(entry.minutes);
  if (same) return { transactionId: row.id, posted: false, balanceAfter: parseMinutes(row.balance_after) };
  throw new AppError({
    code: 'idempotency_key_reused',
    kind: 'conflict',
    message: 'This idempotency key was used for something else.',
  });
}

export function userNotFound(): AppError {
  return new AppError({ code: 'user_not_found', kind: 'not_found', message: 'There is no such user.' });
}
