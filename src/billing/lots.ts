import type { Knex } from 'knex';
import { formatMinutes, type Minutes } from './minutes.ts';

export interface Spending {
  readonly userId: string;
  /** The row of the ledger that takes the minutes. */
  readonly transactionId: string;
  readonly minutes: Minutes;
  /** The credit whose lot is taken from before all others. */
  readonly firstFrom?: string;
}

/**
 * Takes a debit's minutes from the lots and keeps from which: free ones first, then the oldest. To be called under the
 * wallet's lock, which every change of a lot takes first.
 */
export async function spendLots(transaction: Knex.Transaction, spending: Spending): Promise<void> {
  const { userId, transactionId, minutes, firstFrom = null } = spending;
  await transaction.raw('SELECT spend_lots(:userId, :transactionId, :minutes, :firstFrom)', {
    userId,
    transactionId,
    minutes: formatMinutes(minutes),
    firstFrom,
  });
}
