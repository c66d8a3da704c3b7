import type { Knex } from 'knex';
import { allocate, type Lot } from './lot-allocation.ts';
import { formatMinutes, parseMinutes, type Minutes } from './minutes.ts';
import { kopecksOf } from './money.ts';
import { selectRows } from './sql.ts';

export interface Spending {
  readonly userId: string;
  /** The row of the ledger that takes the minutes. */
  readonly transactionId: string;
  readonly minutes: Minutes;
  /** The credit whose lot is taken from before all others. */
  readonly firstFrom?: string;
}

/**
 * Takes a debit's minutes from the lots and keeps from which. To be called under the wallet's lock, which every change
 * of a lot takes first.
 */
export async function spendLots(transaction: Knex.Transaction, spending: Spending): Promise<void> {
  const { userId, transactionId, minutes: spent, firstFrom = null } = spending;
  const rows = await selectRows<{
    id: string;
    kind: 'free' | 'paid';
    minutes: string;
    remaining: string;
    price_kopecks: number;
    first: boolean;
  }>(
    transaction,
    `SELECT id, kind, minutes, remaining, price_kopecks,
       wallet_transaction_id IS NOT DISTINCT FROM :firstFrom::uuid AS first
     FROM wallet_lots
     WHERE user_account_id = :userId AND remaining > 0 ORDER BY created_at, id FOR NO KEY UPDATE`,
    { userId, firstFrom },
  );
  const lots = rows.map((row): Lot => ({
    id: row.id,
    kind: row.kind,
    minutes: parseMinutes(row.minutes),
    remaining: parseMinutes(row.remaining),
    price: kopecksOf(row.price_kopecks),
  }));
  const first = rows.find((row) => row.first)?.id;
  for (const { lotId, minutes, amount } of allocate(lots, spent, first)) {
    await transaction.raw('UPDATE wallet_lots SET remaining = remaining - :minutes WHERE id = :lotId', {
      lotId,
      minutes: formatMinutes(minutes),
    });
    await transaction.raw(
      `INSERT INTO wallet_lot_allocations (wallet_transaction_id, wallet_lot_id, minutes, amount_kopecks)
       VALUES (:transactionId, :lotId, :minutes, :amount)`,
      { transactionId, lotId, minutes: formatMinutes(minutes), amount },
    );
  }
}
