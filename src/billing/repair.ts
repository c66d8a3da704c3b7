import type { Knex } from 'knex';
import { writeAudit } from '../platform/audit.ts';
import { AppError } from '../platform/errors.ts';
import { credit, insertTransaction, lockWallet } from './ledger.ts';
import { spendLots } from './lots.ts';
import { formatMinutes, minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { NO_MONEY } from './money.ts';
import { selectRow, selectRows } from './sql.ts';

/**
 * Putting one user's books right. What was written once stands: the ledger, which lots its debits took, what calls were
 * charged, what debts were paid. Everything that can be recomputed from these is: lots, debts, holds, the wallet. Each
 * repair is an `adjustment` in the ledger. Where calls hold more minutes than the ledger ever gave, because a wallet showed
 * more than there was, it gives what is missing: the house had promised them. Everywhere else it is of 0 minutes.
 */

export interface WalletReading {
  readonly balance: Minutes;
  readonly held: Minutes;
  readonly sequence: number;
}

export interface Repair {
  readonly userId: string;
  readonly before: WalletReading;
  readonly after: WalletReading;
  /** Given by the repair's row in the ledger; 0 when the caches alone were wrong. */
  readonly adjustment: Minutes;
  /** How many rows beside the wallet were put right. */
  readonly lots: number;
  readonly allocations: number;
  readonly holds: number;
  readonly debts: number;
}

/**
 * In one transaction, with its row in the audit log. `undefined`: there was nothing that this can repair.
 * @throws AppError `books_contradict_themselves` where what is written once does not add up; nothing is changed then
 */
export function repairBooks(knex: Knex, userId: string): Promise<Repair | undefined> {
  return knex.transaction(async (transaction) => {
    await lockBooks(transaction, userId);
    const before = await readWallet(transaction, userId);
    const holds = await repairHolds(transaction, userId);
    const lots = (await makeLots(transaction, userId)) + (await refillLots(transaction, userId));
    const allocations = await allocateDebits(transaction, userId);
    const debts = await repairDebts(transaction, userId);
    const truth = await readTruth(transaction, userId);
    const sameWallet =
      before.balance === truth.balance && before.held === truth.held && before.sequence === truth.sequence;
    if (sameWallet && holds + lots + allocations + debts === 0) return undefined;
    const adjustment = await repairWallet(transaction, userId, truth);
    const after = await readWallet(transaction, userId);
    await writeAudit(transaction, {
      action: 'books.repair',
      subject: { type: 'user', id: userId },
      details: {
        before: forPeople(before),
        after: forPeople(after),
        adjustment: formatMinutes(adjustment),
        lots,
        allocations,
        holds,
        debts,
      },
    });
    return { userId, before, after, adjustment, lots, allocations, holds, debts };
  });
}

/** In the house's order: calls, wallet. Lots and debts change under the wallet's lock, holds under their call's. */
async function lockBooks(transaction: Knex.Transaction, userId: string): Promise<void> {
  await transaction.raw(
    `SELECT FROM calls c
     WHERE user_account_id = :userId
       AND (status <> 'finalized' OR EXISTS (SELECT FROM call_holds h WHERE h.call_id = c.id AND h.closed_at IS NULL))
     ORDER BY id FOR NO KEY UPDATE`,
    { userId },
  );
  await lockWallet(transaction, userId);
}

/** A hold is open as long as its call is not finalized. */
async function repairHolds(transaction: Knex.Transaction, userId: string): Promise<number> {
  const closed = await selectRows(
    transaction,
    `UPDATE call_holds h SET closed_at = clock_timestamp() FROM calls c
     WHERE c.id = h.call_id AND c.user_account_id = :userId AND c.status = 'finalized' AND h.closed_at IS NULL
     RETURNING h.id`,
    { userId },
  );
  const opened = await selectRows(
    transaction,
    `UPDATE call_holds SET closed_at = NULL WHERE id IN (
       SELECT DISTINCT ON (h.call_id) h.id FROM call_holds h JOIN calls c ON c.id = h.call_id
       WHERE c.user_account_id = :userId AND c.status <> 'finalized'
         AND NOT EXISTS (SELECT FROM call_holds o WHERE o.call_id = c.id AND o.closed_at IS NULL)
       ORDER BY h.call_id, h.id DESC)
     RETURNING id`,
    { userId },
  );
  return closed.length + opened.length;
}

/** Each credit has its lot; one that was paid for is known by its payment. */
async function makeLots(transaction: Knex.Transaction, userId: string): Promise<number> {
  const made = await selectRows(
    transaction,
    `INSERT INTO wallet_lots (user_account_id, wallet_transaction_id, kind, minutes, remaining, price_kopecks, created_at)
     SELECT t.user_account_id, t.id, CASE WHEN p.captured_kopecks IS NULL THEN 'free' ELSE 'paid' END,
       t.minutes_delta, t.minutes_delta, coalesce(p.captured_kopecks, 0), t.created_at
     FROM wallet_transactions t LEFT JOIN payments p ON p.wallet_transaction_id = t.id
     WHERE t.user_account_id = :userId AND t.minutes_delta > 0
       AND NOT EXISTS (SELECT FROM wallet_lots l WHERE l.wallet_transaction_id = t.id)
     RETURNING id`,
    { userId },
  );
  return made.length;
}

/** A lot has left what no debit took from it. */
async function refillLots(transaction: Knex.Transaction, userId: string): Promise<number> {
  const refilled = await selectRows(
    transaction,
    `UPDATE wallet_lots l SET remaining = l.minutes - taken.total
     FROM (SELECT w.id, coalesce(sum(a.minutes), 0) AS total
       FROM wallet_lots w LEFT JOIN wallet_lot_allocations a ON a.wallet_lot_id = w.id
       WHERE w.user_account_id = :userId GROUP BY w.id) taken
     WHERE taken.id = l.id AND taken.total <= l.minutes AND l.remaining <> l.minutes - taken.total
     RETURNING l.id`,
    { userId },
  );
  return refilled.length;
}

/** Each debit was taken from lots. */
async function allocateDebits(transaction: Knex.Transaction, userId: string): Promise<number> {
  const unallocated = await selectRows<{ id: string; missing: string }>(
    transaction,
    `SELECT t.id, -t.minutes_delta - a.total AS missing
     FROM wallet_transactions t
     CROSS JOIN LATERAL (SELECT coalesce(sum(minutes), 0) AS total
       FROM wallet_lot_allocations x WHERE x.wallet_transaction_id = t.id) a
     WHERE t.user_account_id = :userId AND -t.minutes_delta > a.total AND t.minutes_delta < 0
     ORDER BY t.sequence`,
    { userId },
  );
  for (const { id, missing } of unallocated) {
    await spendLots(transaction, { userId, transactionId: id, minutes: parseMinutes(missing) });
  }
  return unallocated.length;
}

/** A debt has left what was not paid of it. */
async function repairDebts(transaction: Knex.Transaction, userId: string): Promise<number> {
  const repaired = await selectRows(
    transaction,
    `UPDATE wallet_debts d SET remaining = d.minutes - paid.total
     FROM (SELECT w.id, coalesce(sum(s.minutes), 0) AS total
       FROM wallet_debts w LEFT JOIN wallet_debt_settlements s ON s.wallet_debt_id = w.id
       WHERE w.user_account_id = :userId GROUP BY w.id) paid
     WHERE paid.id = d.id AND paid.total <= d.minutes AND d.remaining <> d.minutes - paid.total
     RETURNING d.id`,
    { userId },
  );
  return repaired.length;
}

/** The wallet as the rows say that it should be: the ledger's sum, what open calls hold, the ledger's last place. */
async function readTruth(transaction: Knex.Transaction, userId: string): Promise<WalletReading> {
  const row = await selectRow<{ ledger: string; last: number; lots: string; held: string }>(
    transaction,
    `SELECT
       (SELECT coalesce(sum(minutes_delta), 0) FROM wallet_transactions WHERE user_account_id = :userId) AS ledger,
       (SELECT coalesce(max(sequence), 0) FROM wallet_transactions WHERE user_account_id = :userId) AS last,
       (SELECT coalesce(sum(remaining), 0) FROM wallet_lots WHERE user_account_id = :userId) AS lots,
       (SELECT coalesce(sum(minutes), 0) FROM call_holds WHERE user_account_id = :userId AND closed_at IS NULL) AS held`,
    { userId },
  );
  if (!row) throw new Error('SELECT gave no row');
  const truth = { balance: parseMinutes(row.ledger), held: parseMinutes(row.held), sequence: row.last };
  if (truth.balance === parseMinutes(row.lots)) return truth;
  throw new AppError({
    code: 'books_contradict_themselves',
    kind: 'conflict',
    message: 'The ledger and its lots do not add up; people must look.',
    details: { ledger: row.ledger, lots: row.lots },
  });
}

/** Writes the wallet, and the repair into the ledger. Returns what had to be given, so that the balance covers the holds. */
async function repairWallet(transaction: Knex.Transaction, userId: string, truth: WalletReading): Promise<Minutes> {
  const missing = minutesOf(Math.max(0, truth.held - truth.balance));
  const entry = {
    userId,
    type: 'adjustment',
    idempotencyKey: `reconcile:${userId}:${truth.sequence}`,
    reason: 'reconcile',
  } as const;
  const wallet = {
    minutes_balance: formatMinutes(truth.balance),
    ledger_sequence: truth.sequence + (missing > 0 ? 0 : 1),
  };
  await transaction.raw(
    `UPDATE user_profiles SET minutes_balance = :minutes_balance, minutes_held = 0, ledger_sequence = :ledger_sequence
     WHERE user_account_id = :userId`,
    { userId, ...wallet },
  );
  if (missing > 0) await credit(transaction, { ...entry, minutes: missing, price: NO_MONEY });
  // Of nothing there is no lot.
  else await insertTransaction(transaction, { ...entry, wallet, delta: missing });
  await transaction.raw('UPDATE user_profiles SET minutes_held = :held WHERE user_account_id = :userId', {
    userId,
    held: formatMinutes(truth.held),
  });
  return missing;
}

async function readWallet(transaction: Knex.Transaction, userId: string): Promise<WalletReading> {
  const row = await selectRow<{ minutes_balance: string; minutes_held: string; ledger_sequence: number }>(
    transaction,
    'SELECT minutes_balance, minutes_held, ledger_sequence FROM user_profiles WHERE user_account_id = :userId',
    { userId },
  );
  if (!row) throw new Error(`There is no wallet of ${userId}`);
  return {
    balance: parseMinutes(row.minutes_balance),
    held: parseMinutes(row.minutes_held),
    sequence: row.ledger_sequence,
  };
}

function forPeople({ balance, held, sequence }: WalletReading): Readonly<Record<string, unknown>> {
  return { balance: formatMinutes(balance), held: formatMinutes(held), sequence };
}
