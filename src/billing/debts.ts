import type { Knex } from 'knex';
import { debitAvailable } from './debit.ts';
import { lockWallet } from './ledger.ts';
import { formatMinutes, minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { selectRow, selectRows } from './sql.ts';

/**
 * A debt is what a reversal should have taken, had it not been spent or held for a call. The next deposit pays it
 * first, each payment being a further reversal of the same credit: in the end the ledger has taken back all of it.
 */

export interface CreditReversal {
  readonly userId: string;
  /** The credit that is taken back, or a part of it. */
  readonly creditId: string;
  readonly minutes: Minutes;
  readonly idempotencyKey: string;
  readonly actorId?: string;
  readonly reason: string;
}

/**
 * Takes back the minutes of a credit: what is left of it first, then what else is available; the rest is owed.
 * The caller sees to it that the same reversal is asked for once.
 */
export async function reverseCredit(
  transaction: Knex.Transaction,
  reversal: CreditReversal,
): Promise<{ readonly taken: Minutes; readonly owed: Minutes; readonly transactionId: string | undefined }> {
  const { userId, creditId, minutes } = reversal;
  const { taken, transactionId } = await debitAvailable(transaction, {
    ...reversal,
    type: 'reversal',
    reversesId: creditId,
    firstFrom: creditId,
  });
  const owed = minutesOf(minutes - taken);
  if (owed > 0) {
    await transaction.raw(
      `INSERT INTO wallet_debts (user_account_id, reverses_id, minutes, remaining)
       VALUES (:userId, :creditId, :owed, :owed)`,
      { userId, creditId, owed: formatMinutes(owed) },
    );
  }
  return { taken, owed, transactionId };
}

/** Pays what is owed, the oldest first, from a deposit that was just credited in this transaction. Returns what it took. */
export async function payDebts(
  transaction: Knex.Transaction,
  deposit: { readonly userId: string; readonly transactionId: string; readonly minutes: Minutes },
): Promise<Minutes> {
  const { userId, transactionId: depositId } = deposit;
  await lockWallet(transaction, userId);
  const debts = await selectRows<{ id: string; reverses_id: string; remaining: string }>(
    transaction,
    `SELECT id, reverses_id, remaining FROM wallet_debts
     WHERE user_account_id = :userId AND remaining > 0 ORDER BY created_at, id FOR NO KEY UPDATE`,
    { userId },
  );
  let left: number = deposit.minutes;
  for (const debt of debts) {
    const wanted = Math.min(left, parseMinutes(debt.remaining));
    if (wanted === 0) break;
    const { taken, transactionId } = await debitAvailable(transaction, {
      userId,
      type: 'reversal',
      minutes: minutesOf(wanted),
      idempotencyKey: `debt:${debt.id}:${depositId}`,
      reversesId: debt.reverses_id,
      firstFrom: depositId,
      reason: 'debt',
    });
    // A deposit's minutes cannot be held yet: all of them are available.
    if (taken !== wanted || transactionId === undefined) throw new Error('A deposit did not cover its own minutes');
    await transaction.raw('UPDATE wallet_debts SET remaining = remaining - :taken WHERE id = :id', {
      id: debt.id,
      taken: formatMinutes(taken),
    });
    await transaction.raw(
      `INSERT INTO wallet_debt_settlements (wallet_transaction_id, wallet_debt_id, minutes)
       VALUES (:transactionId, :debtId, :taken)`,
      { transactionId, debtId: debt.id, taken: formatMinutes(taken) },
    );
    left -= taken;
  }
  return minutesOf(deposit.minutes - left);
}

/** What the user's next deposits will pay first. */
export async function readDebt(knex: Knex, userId: string): Promise<Minutes> {
  const row = await selectRow<{ total: string }>(
    knex,
    'SELECT coalesce(sum(remaining), 0) AS total FROM wallet_debts WHERE user_account_id = :userId AND remaining > 0',
    { userId },
  );
  return parseMinutes(row?.total ?? '0');
}
