import type { Knex } from 'knex';
import { writeAudit } from '../platform/audit.ts';
import { AppError } from '../platform/errors.ts';
import { credit, lockWallet, type TransactionType } from './ledger.ts';
import { formatMinutes, minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { NO_MONEY } from './money.ts';
import { reverseUnspent } from './reversal.ts';
import { selectRow } from './sql.ts';

export interface EntryReversal {
  readonly entryId: string;
  readonly actorId: string;
  readonly ip: string;
  readonly reason: string;
  /** Of the request; the same one again changes nothing more. */
  readonly idempotencyKey: string;
}

interface EntryRow {
  readonly user_account_id: string;
  readonly type: TransactionType;
  readonly minutes_delta: string;
  readonly reversed: string;
}

/**
 * Takes a row of the ledger back by another. Of minutes that were given, what is unspent and not held for a call; minutes that
 * were taken come back, as free ones. A deposit is taken back by giving its money back, a reversal not at all.
 * Answers how many minutes were moved; 0 when the same request was done before.
 * @throws AppError `ledger_entry_not_found`, `deposit_not_reversible`, `reversal_not_reversible`, `nothing_to_reverse`
 */
export function reverseEntry(knex: Knex, reversal: EntryReversal): Promise<Minutes> {
  const { entryId, actorId, ip, reason, idempotencyKey } = reversal;
  return knex.transaction(async (transaction) => {
    const owner = await readEntry(transaction, entryId);
    await lockWallet(transaction, owner.user_account_id);
    if (await doneBefore(transaction, entryId, idempotencyKey)) return minutesOf(0);
    // Once more, under the lock: somebody may have reversed some of it meanwhile.
    const entry = await readEntry(transaction, entryId);
    const before = await readBalance(transaction, entry.user_account_id);
    const moved = await move(transaction, entry, reversal);
    if (moved === 0) throw refused('nothing_to_reverse', 'Nothing of it is left that could be taken back.');
    await writeAudit(transaction, {
      actorId,
      ip,
      action: 'ledger.reverse',
      subject: { type: 'ledger_entry', id: entryId },
      details: {
        user_id: entry.user_account_id,
        type: entry.type,
        entry_minutes: entry.minutes_delta,
        reversed_minutes: formatMinutes(moved),
        reason,
        idempotency_key: idempotencyKey,
        before: { minutes_balance: before },
        after: { minutes_balance: await readBalance(transaction, entry.user_account_id) },
      },
    });
    return moved;
  });
}

async function move(transaction: Knex.Transaction, entry: EntryRow, reversal: EntryReversal): Promise<Minutes> {
  const { entryId, actorId, reason, idempotencyKey } = reversal;
  const userId = entry.user_account_id;
  if (entry.type === 'deposit') {
    throw refused('deposit_not_reversible', 'A deposit is taken back by refunding its payment.');
  }
  if (entry.type === 'reversal') throw refused('reversal_not_reversible', 'A reversal is not reversed.');
  const delta = parseMinutes(entry.minutes_delta);
  if (delta > 0) return reverseUnspent(transaction, { userId, creditId: entryId, actorId, reason });
  const left = minutesOf(0 - delta - parseMinutes(entry.reversed));
  if (left === 0) return left;
  await credit(transaction, {
    userId,
    type: 'reversal',
    reversesId: entryId,
    minutes: left,
    price: NO_MONEY,
    idempotencyKey: `reversal:${entryId}:${idempotencyKey}`,
    actorId,
    reason,
  });
  return left;
}

/** Decimal minutes; to be asked under the wallet's lock. */
async function readBalance(transaction: Knex.Transaction, userId: string): Promise<number> {
  const wallet = await selectRow<{ minutes_balance: string }>(
    transaction,
    'SELECT minutes_balance FROM user_profiles WHERE user_account_id = :userId',
    { userId },
  );
  return Number(wallet?.minutes_balance ?? 0);
}

async function readEntry(transaction: Knex.Transaction, entryId: string): Promise<EntryRow> {
  const entry = await selectRow<EntryRow>(
    transaction,
    `SELECT t.user_account_id, t.type, t.minutes_delta, (SELECT coalesce(sum(r.minutes_delta), 0)::numeric(12, 2)
       FROM wallet_transactions r WHERE r.reverses_id = t.id) AS reversed
     FROM wallet_transactions t WHERE t.id = :entryId`,
    { entryId },
  );
  if (entry) return entry;
  throw new AppError({
    code: 'ledger_entry_not_found',
    kind: 'not_found',
    message: 'There is no such row in the ledger.',
  });
}

/** The audit log is written with the deed: it knows what was done under which key. */
async function doneBefore(transaction: Knex.Transaction, entryId: string, key: string): Promise<boolean> {
  const row = await selectRow(
    transaction,
    `SELECT id FROM audit_log WHERE subject_type = 'ledger_entry' AND subject_id = :entryId
       AND details ->> 'idempotency_key' = :key`,
    { entryId, key },
  );
  return row !== undefined;
}

function refused(code: string, message: string): AppError {
  return new AppError({ code, kind: 'conflict', message });
}
