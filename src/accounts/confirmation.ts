import type { Knex } from 'knex';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { queueMail } from '../platform/mail.ts';
import { accountBlocked } from './account-errors.ts';
import { lockAccount } from './account-lock.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import { confirmationMail } from './confirmation-mail.ts';
import { hashLinkToken, newLinkToken } from './link-token.ts';
import type { ProfileLanguage } from './user-models.ts';

const LIFETIME_HOURS = 48;

export interface ConfirmationOptions {
  /** Where browsers find the page: the link leads to its `/confirm`. */
  readonly publicUrl: string;
  /** Runs in the transaction that confirms an account: once for each. */
  readonly onConfirmed: (transaction: Knex.Transaction, userId: string) => Promise<void>;
}

interface Dependencies extends ConfirmationOptions {
  readonly knex: Knex;
  readonly clock: Clock;
  readonly log: Logger;
  readonly attempts: AttemptLimits;
}

export interface Confirmations {
  /** Sends a link, if and when the transaction commits. Links that were sent before stay good. */
  readonly sendLink: (transaction: Knex.Transaction, userId: string) => Promise<void>;
  /** The same, because the user asks for it. @throws AppError `already_confirmed`, `too_many_confirmations` */
  readonly sendAgain: (userId: string) => Promise<void>;
  /**
   * @throws AppError `confirmation_token_invalid`, `confirmation_token_expired`, `confirmation_token_used`,
   *   `already_confirmed`, `account_blocked`
   */
  readonly confirm: (token: string) => Promise<void>;
}

/** Proves that somebody reads the mail of the address they registered with. */
export function createConfirmations(options: Dependencies): Confirmations {
  const { knex, clock, log, attempts, publicUrl, onConfirmed } = options;

  async function sendLink(transaction: Knex.Transaction, userId: string): Promise<void> {
    const row: { email: string; interface_language: ProfileLanguage | null } | undefined = await transaction(
      'user_accounts as account',
    )
      .join('user_profiles as profile', 'profile.user_account_id', 'account.id')
      .where('account.id', userId)
      .first('account.email', 'profile.interface_language');
    if (!row) throw new Error('Only a user with a profile is sent a link');
    const token = newLinkToken();
    const expiresAt = new Date(clock.now().getTime() + LIFETIME_HOURS * 3_600_000);
    await transaction('account_tokens').insert({
      token_hash: hashLinkToken(token),
      purpose: 'confirm_email',
      user_account_id: userId,
      email: row.email,
      expires_at: expiresAt,
    });
    const link = `${publicUrl}/confirm?token=${token}`;
    const language = row.interface_language ?? 'en';
    await queueMail(transaction, confirmationMail({ to: row.email, link, language, lifetimeHours: LIFETIME_HOURS }));
  }

  return {
    sendLink,

    async sendAgain(userId) {
      await attempts.countConfirmation(userId);
      await knex.transaction(async (transaction) => {
        const account = await lockAccount(transaction, userId);
        if (account.confirmedAt !== null) throw alreadyConfirmed();
        // Asked for just before: a letter to a deleted account's address would lead nowhere.
        if (account.blockedAt !== null) throw accountBlocked();
        await sendLink(transaction, userId);
      });
    },

    async confirm(token) {
      const tokenHash = hashLinkToken(token);
      const userId = await knex.transaction(async (transaction) => {
        const owner = await findToken(transaction, tokenHash);
        if (!owner) throw tokenRefused('confirmation_token_invalid', 'The link is not one of ours. Ask for a new one.');
        // All of an account's tokens change under the account's lock; read again what may have changed before it.
        const account = await lockAccount(transaction, owner.user_account_id);
        const found = await findToken(transaction, tokenHash);
        if (!found || found.email !== account.email) {
          throw tokenRefused('confirmation_token_invalid', 'The link is for another address. Ask for a new one.');
        }
        if (found.used_at !== null) {
          throw tokenRefused('confirmation_token_used', 'The link was used already.', 'conflict');
        }
        if (account.blockedAt !== null) throw accountBlocked();
        if (account.confirmedAt !== null) throw alreadyConfirmed();
        if (found.expires_at.getTime() <= clock.now().getTime()) {
          throw tokenRefused('confirmation_token_expired', 'The link is too old. Ask for a new one.');
        }
        await transaction('user_accounts').where('id', account.id).update({ confirmed_at: clock.now() });
        // What proved the address once proves nothing more.
        await transaction('account_tokens')
          .where({ user_account_id: account.id, purpose: 'confirm_email' })
          .whereNull('used_at')
          .update({ used_at: clock.now() });
        await onConfirmed(transaction, account.id);
        return account.id;
      });
      log.info({ userId }, 'A learner confirmed their address');
    },
  };
}

interface StoredToken {
  readonly user_account_id: string;
  readonly email: string;
  readonly expires_at: Date;
  readonly used_at: Date | null;
}

function findToken(transaction: Knex.Transaction, tokenHash: string): Promise<StoredToken | undefined> {
  return transaction('account_tokens')
    .where({ token_hash: tokenHash, purpose: 'confirm_email' })
    .first('user_account_id', 'email', 'expires_at', 'used_at');
}

function tokenRefused(code: string, message: string, kind: 'invalid' | 'conflict' = 'invalid'): AppError {
  return new AppError({ code, kind, message });
}

function alreadyConfirmed(): AppError {
  return new AppError({ code: 'already_confirmed', kind: 'conflict', message: 'The address is confirmed already.' });
}
