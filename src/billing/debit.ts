import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { credit, findPosting, insertTransaction, lockWallet, type Posting, type WalletRow } from './ledger.ts';
import { spendLots } from './lots.ts';
import { formatMinutes, minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { NO_MONEY } from './money.ts';
import { selectRow } from './sql.ts';

export interface Debit {
  readonly userId: string;
  readonly type: 'reversal' | 'adjustment';
  /** At most so many; positive. */
  readonly minutes: Minutes;
  readonly idempotencyKey: string;
  /** The credit that a reversal takes back. */
  readonly reversesId?: string;
  /** The credit whose lot is taken from before all others. */
  readonly firstFrom?: string;
  readonly actorId?: string;
  readonly reason?: string;
}

export interface DebitPosting {
  readonly taken: Minutes;
  /** There is none when nothing was taken. */
  readonly transactionId: string | undefined;
}

/**
 * Takes as many of the minutes as are available: never what is held for calls.
 * @throws AppError `user_not_found`
 */
export async function debitAvailable(transaction: Knex.Transaction, entry: Debit): Promise<DebitPosting> {
  await lockWallet(transaction, entry.userId);
  const wallet = await selectRow<WalletRow & { taken: string }>(
    transaction,
    `UPDATE user_profiles
     SET minutes_balance = minutes_balance - least(:minutes::numeric, minutes_balance - minutes_held),
         ledger_sequence = ledger_sequence + 1
     WHERE user_account_id = :userId AND minutes_balance > minutes_held
     RETURNING minutes_balance, ledger_sequence, old.minutes_balance - new.minutes_balance AS taken`,
    { userId: entry.userId, minutes: formatMinutes(entry.minutes) },
  );
  if (!wallet) return { taken: minutesOf(0), transactionId: undefined };
  const taken = parseMinutes(wallet.taken);
  const transactionId = await insertTransaction(transaction, { ...entry, wallet, delta: minutesOf(0 - taken) });
  await spendLots(transaction, { ...entry, transactionId, minutes: taken });
  return { taken, transactionId };
}

export interface Adjustment {
  readonly userId: string;
  /** Gives when positive, takes when negative. */
  readonly minutes: Minutes;
  readonly idempotencyKey: string;
  readonly actorId?: string;
  readonly reason: string;
}

/**
 * Puts a wallet right. The same key again changes nothing.
 * @throws AppError `user_not_found`, `idempotency_key_reused`; `minutes_not_available` to take what is spent or held
 */
export async function adjust(transaction: Knex.Transaction, entry: Adjustment): Promise<Posting> {
  const type = 'adjustment';
  if (entry.minutes > 0) return credit(transaction, { ...entry, type, price: NO_MONEY });
  await lockWallet(transaction, entry.userId);
  const earlier = await findPosting(transaction, { ...entry, type });
  if (earlier) return earlier;
  const { taken, transactionId } = await debitAvailable(transaction, {
    ...entry,
    type,
    minutes: minutesOf(0 - entry.minutes),
  });
  if (taken + entry.minutes !== 0 || transactionId === undefined) {
    throw new AppError({
      code: 'minutes_not_available',
      kind: 'conflict',
      message: 'There are not so many minutes that are neither spent nor held for a call.',
    });
  }
  const posting = await findPosting(transaction, { ...entry, type });
  if (!posting) throw new Error('The ledger does not have the row that was just written');
  return { ...posting, posted: true };
}
