import type { Knex } from 'knex';
import { debitAvailable } from './debit.ts';
import { lockWallet } from './ledger.ts';
import { minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { selectRow } from './sql.ts';

export interface Reversal {
  readonly userId: string;
  /** The credit that is taken back. */
  readonly creditId: string;
  readonly actorId: string;
  readonly reason: string;
}

/**
 * Takes back what is left of one credit, but nothing that is held for calls, and leaves no debt. Done again, it takes
 * what has become free since. Returns how much it took; 0 writes no row.
 */
export async function reverseUnspent(transaction: Knex.Transaction, reversal: Reversal): Promise<Minutes> {
  const { userId, creditId } = reversal;
  await lockWallet(transaction, userId);
  const lot = await selectRow<{ remaining: string }>(
    transaction,
    `SELECT remaining FROM wallet_lots
     WHERE wallet_transaction_id = :creditId AND user_account_id = :userId FOR NO KEY UPDATE`,
    { creditId, userId },
  );
  if (!lot) throw new Error('The row of the ledger is not a credit of this user');
  const remaining = parseMinutes(lot.remaining);
  if (remaining === 0) return minutesOf(0);
  const { taken } = await debitAvailable(transaction, {
    ...reversal,
    type: 'reversal',
    minutes: remaining,
    // What is left only ever shrinks: no two reversals of one credit find the same.
    idempotencyKey: `reversal:${creditId}:${remaining}`,
    reversesId: creditId,
    firstFrom: creditId,
  });
  return taken;
}
