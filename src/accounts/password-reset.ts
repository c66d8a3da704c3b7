import type { Knex } from 'knex';
import { writeAudit } from '../platform/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { queueMail } from '../platform/mail.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import type { EndCalls } from './end-calls.ts';
import { hashLinkToken } from './link-token.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { passwordChangedMail } from './password-mails.ts';
import { checkPassword } from './password-policy.ts';
import { lockTokensOwner, readUsableToken } from './password-token.ts';
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
  readonly endCalls: EndCalls;
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
   * Uses nothing up. @throws AppError `reset_token_invalid`, `reset_token_expired`, `reset_token_used`, `account_blocked`
   * where `reset` would now
   */
  readonly check: (token: string) => Promise<void>;
  /**
   * Ends every token, session and call of the account, and tells its owner by mail. Does not confirm the address.
   * @throws AppError `reset_token_invalid`, `reset_token_expired`, `reset_token_used`, `account_blocked`, `sign_in_busy`,
   *   and what `checkPassword` throws, after which the link is still good
   */
  readonly reset: (given: NewPassword) => Promise<void>;
}

/** A new password for somebody who forgot theirs, and reads the mail of their address. */
export function createPasswordResets(options: Dependencies): PasswordResets {
  const { knex, clock, log, attempts, hasher, endCalls, publicUrl } = options;

  return {
    async ask({ email, language, ip }) {
      await attempts.countPasswordRequest(ip, email);
      await knex('password_requests').insert({ email, language: language ?? null, created_at: clock.now() });
    },

    async check(token) {
      await readUsableToken(knex, hashLinkToken(token), clock.now());
    },

    async reset({ token, password, language: asked, ip }) {
      const tokenHash = hashLinkToken(token);
      // Looked at before the hash is made, which is dear, and again under the account's lock.
      const { email } = await readUsableToken(knex, tokenHash, clock.now());
      checkPassword(password, email);
      const passwordHash = await hasher.hash(password);
      const userId = await knex.transaction(async (transaction) => {
        const account = await lockTokensOwner(transaction, tokenHash);
        await readUsableToken(transaction, tokenHash, clock.now());
        await transaction('user_accounts')
          .where('id', account.id)
          .update({ password_hash: passwordHash, token_version: knex.raw('token_version + 1') });
        await endCalls(transaction, account.id, 'signed_out');
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
