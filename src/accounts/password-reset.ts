import type { Knex } from 'knex';
import { writeAudit } from '../platform/audit.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { queueMail } from '../platform/mail.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import { hashLinkToken } from './link-token.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { passwordChangedMail } from './password-mails.ts';
import { checkPassword } from './password-policy.ts';
import type { ProfileLanguage } from './user-models.ts';

export interface PasswordResetOptions {
  /** Where browsers find the page. */
  readonly publicUrl: string;
}

interface Dependencies extends PasswordResetOptions {
  readonly knex: Knex;
  readonly clock: Clock;
  readonly log: Logger;
  readonly attempts: AttemptLimits;
  readonly hasher: PasswordHasher;
}

export interface ForgottenPassword {
  /** Normalised, as `emailSchema` gives it. */
  readonly email: string;
  /** Of the browser, for accounts of which no language is known. */
  readonly language?: ProfileLanguage;
  readonly ip: string;
}

export interface NewPassword {
  readonly token: string;
  readonly password: string;
  /** Of the browser, as with `ForgottenPassword`. */
  readonly language?: ProfileLanguage;
  readonly ip: string;
}

export interface PasswordResets {
  /** Notes that somebody asks for a link; looks up nothing. See `answerPasswordRequests`. @throws AppError `too_many_password_requests` */
  readonly ask: (forgotten: ForgottenPassword) => Promise<void>;
  /**
   * Ends every token and session of the account, and tells its owner by mail. Does not confirm the address.
   * @throws AppError `reset_token_invalid`, `reset_token_expired`, `reset_token_used`, `account_blocked`, `sign_in_busy`,
   *   and what `checkPassword` throws, after which the link is still good
   */
  readonly reset: (given: NewPassword) => Promise<void>;
}

/** A new password for somebody who forgot theirs, and reads the mail of their address. */
export function createPasswordResets(options: Dependencies): PasswordResets {
  const { knex, clock, log, attempts, hasher, publicUrl } = options;

  return {
    async ask({ email, language, ip }) {
      await attempts.countPasswordRequest(ip, email);
      await knex('password_requests').insert({ email, language: language ?? null, created_at: clock.now() });
    },

    async reset({ token, password, language: asked, ip }) {
      const tokenHash = hashLinkToken(token);
      // Looked at before the hash is made, which is dear, and again under the account's lock.
      const { email } = await readUsable(knex, tokenHash, clock.now());
      checkPassword(password, email);
      const passwordHash = await hasher.hash(password);
      const userId = await knex.transaction(async (transaction) => {
        const account = await lockOwner(transaction, tokenHash);
        await readUsable(transaction, tokenHash, clock.now());
        await transaction('user_accounts')
          .where('id', account.id)
          .update({ password_hash: passwordHash, token_version: knex.raw('token_version + 1') });
        await transaction('account_tokens')
          .where({ user_account_id: account.id, purpose: 'reset_password' })
          .whereNull('used_at')
          .update({ used_at: clock.now() });
        // Without the place in the net: the log outlives the account.
        await writeAudit(transaction, {
          actorId: account.id,
          action: 'user.reset_password',
          subject: { type: 'user', id: account.id },
          details: { role: account.role },
        });
        const language = account.interface_language ?? asked ?? 'en';
        await queueMail(
          transaction,
          passwordChangedMail({ to: account.email, link: `${publicUrl}/forgot-password`, language }),
        );
        return account.id;
      });
      // Whoever forgot a password has tried a few: the new one is not refused for those.
      await attempts.forgiveLogins(ip, email);
      log.info({ userId }, 'A password was changed by a link');
    },
  };
}

interface UsableToken {
  readonly email: string;
}

/** @throws AppError where no password is changed with it */
async function readUsable(knex: Knex, tokenHash: string, now: Date): Promise<UsableToken> {
  const found:
    | { token_email: string; email: string; expires_at: Date; used_at: Date | null; blocked_at: Date | null }
    | undefined = await findToken(knex, tokenHash).first(
    'token.email as token_email',
    'token.expires_at',
    'token.used_at',
    'account.email',
    'account.blocked_at',
  );
  if (!found || found.token_email !== found.email) {
    throw refused('reset_token_invalid', 'The link is not one of ours. Ask for a new one.');
  }
  if (found.blocked_at !== null) {
    throw new AppError({ code: 'account_blocked', kind: 'forbidden', message: 'This account is blocked.' });
  }
  if (found.used_at !== null) {
    throw refused('reset_token_used', 'The link was used already, or there is a newer one.', 'conflict');
  }
  if (found.expires_at.getTime() <= now.getTime()) {
    throw refused('reset_token_expired', 'The link is too old. Ask for a new one.');
  }
  return { email: found.email };
}

interface Owner {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly interface_language: ProfileLanguage | null;
}

/** All of an account's tokens change under the account's lock: of two who reset at once, one waits here. */
async function lockOwner(transaction: Knex.Transaction, tokenHash: string): Promise<Owner> {
  const owner: Owner | undefined = await findToken(transaction, tokenHash)
    .join('user_profiles as profile', 'profile.user_account_id', 'account.id')
    .forNoKeyUpdate('account')
    .first('account.id', 'account.email', 'account.role', 'profile.interface_language');
  if (!owner) throw refused('reset_token_invalid', 'The link is not one of ours. Ask for a new one.');
  return owner;
}

function findToken(knex: Knex, tokenHash: string): Knex.QueryBuilder {
  return knex('account_tokens as token')
    .join('user_accounts as account', 'account.id', 'token.user_account_id')
    .where({ 'token.token_hash': tokenHash, 'token.purpose': 'reset_password' });
}

function refused(code: string, message: string, kind: 'invalid' | 'conflict' = 'invalid'): AppError {
  return new AppError({ code, kind, message });
}
