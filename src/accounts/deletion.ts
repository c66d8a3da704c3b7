import type { Knex } from 'knex';
import { raw } from 'objection';
import { writeAudit } from '../platform/audit.ts';
import { AppError } from '../platform/errors.ts';
import type { Role } from '../platform/http/route.ts';
import { dropMail } from '../platform/mail.ts';
import { lockAccount } from './account-lock.ts';
import type { EndCalls } from './end-calls.ts';
import { ownAccount, refuseLastAdmin, type StaffOrder } from './staff-changes.ts';
import { UserAccount, UserProfile } from './user-models.ts';

/** Why staff delete an account: of a list, so that no text about the person outlives them. */
export const DELETION_REASONS = ['asked', 'duplicate', 'abuse', 'other'] as const;
export type DeletionReason = (typeof DELETION_REASONS)[number];

/** The user themselves, who was told what they lose; or a member of staff. */
export type Deleter =
  | {
      readonly kind: 'self';
      /** The hash that their password was checked against: changed meanwhile, it was another's. */
      readonly passwordHash: string;
      /** Of the balance, as they were shown it; decimal minutes. */
      readonly minutesGivenUp: number;
    }
  | ({ readonly kind: 'staff'; readonly reason: DeletionReason } & StaffOrder);

export interface Deletion {
  readonly userId: string;
  readonly by: Deleter;
  /**
   * Ends the calls that are open, in the same transaction. Asked before the wallet is locked, since a call's lock comes
   * first everywhere, and once more under the wallet's, for a call that was only just placed.
   */
  readonly endCalls: EndCalls;
  /** In the same transaction, while the account still has its address: what else ends with it. */
  readonly onDeleted: (transaction: Knex.Transaction, userId: string) => Promise<void>;
}

/**
 * Takes the person out of an account: tokens and sessions are void, the address is free, nobody signs in any more. What
 * is in the books stays there under the account's id. What was said and recorded is erased after this, by `eraseDeleted`.
 * Deleting what is deleted changes nothing.
 * @returns whether it was this one
 * @throws AppError `user_not_found`, `last_admin`; to the user `password_wrong`, `balance_not_given_up`; to staff `own_account`
 */
export function deleteAccount(knex: Knex, { userId, by, endCalls, onDeleted }: Deletion): Promise<boolean> {
  return knex.transaction(async (transaction) => {
    const account = await lockAccount(transaction, userId);
    if (account.deletedAt) return false;
    if (by.kind === 'self' && account.passwordHash !== by.passwordHash) throw passwordWrong();
    if (by.kind === 'staff' && by.actorId === userId) throw ownAccount();
    if (account.role === 'admin') await refuseLastAdmin(transaction, userId);
    await endCalls(transaction, userId, 'blocked');
    const balance = await lockWallet(transaction, userId);
    if (by.kind === 'self' && Number(balance) > by.minutesGivenUp) throw balanceNotGivenUp(balance);

    await endCalls(transaction, userId, 'blocked');
    await onDeleted(transaction, userId);
    await dropMail(transaction, account.email);
    await transaction('password_requests').whereRaw('email = lower(?)', account.email).delete();
    await transaction('account_tokens').where('user_account_id', userId).delete();
    await removePerson(transaction, userId);
    const actorId = by.kind === 'self' ? userId : by.actorId;
    await transaction('account_deletions').insert({
      user_account_id: userId,
      actor_id: actorId,
      minutes_given_up: balance,
    });
    await writeAudit(transaction, {
      actorId,
      // A user's own address of the net would be one more trace of them.
      ...(by.kind === 'staff' && { ip: by.ip }),
      action: 'user.delete',
      subject: { type: 'user', id: userId },
      details: {
        by: by.kind,
        ...(by.kind === 'staff' && { reason: by.reason }),
        role: account.role,
        minutes_given_up: Number(balance),
      },
    });
    return true;
  });
}

/** Credits, charges and gifts wait here: what the user is told they lose is what they lose. */
async function lockWallet(transaction: Knex.Transaction, userId: string): Promise<string> {
  const wallet: { minutes_balance: string } | undefined = await transaction('user_profiles')
    .where('user_account_id', userId)
    .forNoKeyUpdate()
    .first('minutes_balance');
  if (!wallet) throw new Error(`The account ${userId} has no profile`);
  return wallet.minutes_balance;
}

async function removePerson(transaction: Knex.Transaction, userId: string): Promise<void> {
  await UserAccount.query(transaction)
    .findById(userId)
    .patch({
      // A name that nobody can receive letters under (RFC 2606, section 2), and that says whose it was by the id alone.
      email: `deleted-${userId}@deleted.invalid`,
      passwordHash: '',
      role: 'student' satisfies Role,
      tokenVersion: raw('token_version + 1'),
      blockedAt: raw('coalesce(blocked_at, clock_timestamp())'),
      deletedAt: raw('clock_timestamp()'),
    });
  await UserProfile.query(transaction)
    .findById(userId)
    .patch({ name: '', language: 'en', level: 'beginner', interfaceLanguage: null });
}

export function passwordWrong(): AppError {
  // Not `unauthenticated`: whoever asks is signed in, and stays so.
  return new AppError({ code: 'password_wrong', kind: 'forbidden', message: 'The password is wrong.' });
}

function balanceNotGivenUp(balance: string): AppError {
  return new AppError({
    code: 'balance_not_given_up',
    kind: 'conflict',
    message: 'There are more minutes on the balance than were agreed to be lost. Look at the balance, and agree again.',
    details: { minutes_balance: Number(balance) },
  });
}
