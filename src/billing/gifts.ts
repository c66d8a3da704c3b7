import type { Knex } from 'knex';
import { writeAudit } from '../platform/audit.ts';
import { AppError } from '../platform/errors.ts';
import { readGiftLimit } from './billing-settings.ts';
import { credit, type Posting } from './ledger.ts';
import { formatMinutes, minutesOf, minutesToJson, type Minutes } from './minutes.ts';
import { NO_MONEY } from './money.ts';
import { selectRow } from './sql.ts';

export interface Gift {
  readonly userId: string;
  /** The member of staff who gives it. */
  readonly actorId: string;
  readonly ip: string;
  readonly minutes: Minutes;
  /** The learner reads it too. */
  readonly reason: string;
  /** Of the request; the same one again gives nothing more. */
  readonly idempotencyKey: string;
}

/** @throws AppError `user_not_found`, `account_deleted`, `gift_too_large`, `idempotency_key_reused` */
export function giveGift(knex: Knex, gift: Gift): Promise<Posting> {
  const { userId, actorId, ip, minutes, reason, idempotencyKey } = gift;
  return knex.transaction(async (transaction) => {
    const posting = await credit(transaction, {
      userId,
      type: 'gift',
      minutes,
      price: NO_MONEY,
      idempotencyKey: `gift:${actorId}:${idempotencyKey}`,
      actorId,
      reason,
    });
    if (!posting.posted) return posting;
    // After the posting, which is then undone: a gift that was given stays given, whatever the limit is by now.
    const limit = await readGiftLimit(transaction);
    if (minutes > limit) throw tooLarge(limit);
    // Under the wallet's lock, which a deletion takes too.
    if (await isDeleted(transaction, userId)) throw accountDeleted();
    await writeAudit(transaction, {
      actorId,
      ip,
      action: 'gift.give',
      subject: { type: 'user', id: userId },
      details: {
        minutes: formatMinutes(minutes),
        reason,
        transaction_id: posting.transactionId,
        before: { minutes_balance: minutesToJson(minutesOf(posting.balanceAfter - minutes)) },
        after: { minutes_balance: minutesToJson(posting.balanceAfter) },
      },
    });
    return posting;
  });
}

async function isDeleted(transaction: Knex.Transaction, userId: string): Promise<boolean> {
  const deleted = await selectRow(
    transaction,
    'SELECT FROM user_accounts WHERE id = :userId AND deleted_at IS NOT NULL',
    { userId },
  );
  return deleted !== undefined;
}

function accountDeleted(): AppError {
  return new AppError({ code: 'account_deleted', kind: 'conflict', message: 'This account was deleted.' });
}

function tooLarge(limit: Minutes): AppError {
  return new AppError({
    code: 'gift_too_large',
    kind: 'invalid',
    message: 'One gift may not be that large.',
    details: { max_minutes: minutesToJson(limit) },
  });
}
