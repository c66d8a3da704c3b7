import type { Knex } from 'knex';
import { insertTransaction, type WalletRow } from './ledger.ts';
import { allocate } from './lot-allocation.ts';
import { formatMinutes, minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { kopecksOf } from './money.ts';
import { selectRow } from './sql.ts';

export interface Reversal {
  /** The credit that is taken back. */
  readonly transactionId: string;
  readonly actorId: string;
  readonly reason: string;
}

/**
 * Takes back what is left of one credit, but nothing that is held for calls. Done again, it takes what has become free
 * since. Returns how much it took; 0 writes no row.
 */
export async function reverseUnspent(transaction: Knex.Transaction, reversal: Reversal): Promise<Minutes> {
  const owner = await selectRow<{ user_account_id: string }>(
    transaction,
    'SELECT user_account_id FROM wallet_transactions WHERE id = :id',
    { id: reversal.transactionId },
  );
  if (!owner) throw new Error('There is no such row in the ledger');
  const userId = owner.user_account_id;
  const wallet = await selectRow<{ available: string }>(
    transaction,
    `SELECT minutes_balance - minutes_held AS available FROM user_profiles
     WHERE user_account_id = :userId FOR NO KEY UPDATE`,
    { userId },
  );
  const lot = await selectRow<{ id: string; kind: 'free' | 'paid'; minutes: string; remaining: string; price: number }>(
    transaction,
    `SELECT id, kind, minutes, remaining, price_kopecks AS price FROM wallet_lots
     WHERE wallet_transaction_id = :id FOR NO KEY UPDATE`,
    { id: reversal.transactionId },
  );
  if (!wallet || !lot) throw new Error('The row of the ledger is not a credit');
  const remaining = parseMinutes(lot.remaining);
  const taken = minutesOf(Math.min(remaining, parseMinutes(wallet.available)));
  if (taken === 0) return taken;

  const left = await selectRow<WalletRow>(
    transaction,
    `UPDATE user_profiles
     SET minutes_balance = minutes_balance - :taken, ledger_sequence = ledger_sequence + 1
     WHERE user_account_id = :userId AND minutes_balance - minutes_held >= :taken
     RETURNING minutes_balance, ledger_sequence`,
    { userId, taken: formatMinutes(taken) },
  );
  if (!left) throw new Error('The wallet changed under its lock');
  const id = await insertTransaction(transaction, {
    userId,
    type: 'reversal',
    delta: minutesOf(0 - taken),
    wallet: left,
    // One credit may be reversed in parts; the sequence tells them apart.
    idempotencyKey: `reversal:${reversal.transactionId}:${left.ledger_sequence}`,
    reversesId: reversal.transactionId,
    actorId: reversal.actorId,
    reason: reversal.reason,
  });
  const from = {
    id: lot.id,
    kind: lot.kind,
    minutes: parseMinutes(lot.minutes),
    remaining,
    price: kopecksOf(lot.price),
  };
  for (const { lotId, minutes, amount } of allocate([from], taken)) {
    await transaction.raw('UPDATE wallet_lots SET remaining = remaining - :minutes WHERE id = :lotId', {
      lotId,
      minutes: formatMinutes(minutes),
    });
    await transaction.raw(
      `INSERT INTO wallet_lot_allocations (wallet_transaction_id, wallet_lot_id, minutes, amount_kopecks)
       VALUES (:id, :lotId, :minutes, :amount)`,
      { id, lotId, minutes: formatMinutes(minutes), amount },
    );
  }
  return taken;
}
