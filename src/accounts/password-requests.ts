import type { Knex } from 'knex';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { queueMail } from '../platform/mail.ts';
import { hashLinkToken, newLinkToken } from './link-token.ts';
import { passwordForgottenMail } from './password-mails.ts';
import type { ProfileLanguage } from './user-models.ts';

const LIFETIME_MINUTES = 60;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Whoever asked longer ago has asked again by now. */
const LONGEST_WAIT_MS = 60 * MINUTE_MS;
const BATCH = 200;

interface Dependencies {
  readonly knex: Knex;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where browsers find the page: the link leads to its `/reset-password`. */
  readonly publicUrl: string;
}

interface PasswordRequest {
  readonly id: string;
  readonly email: string;
  readonly language: ProfileLanguage | null;
}

/** `sent` letters were queued; `ignored` requests were too old, or for an address that may have none. */
export interface PasswordRequestReport {
  readonly sent: number;
  readonly ignored: number;
  /** Tried again by the next run. */
  readonly failed: number;
}

/**
 * Sends a link to those who asked for a new password and have an account that is not blocked. Apart from the request,
 * which therefore takes the same time for every address. Several runs at once do no harm.
 */
export async function answerPasswordRequests(
  dependencies: Dependencies,
  signal?: AbortSignal,
): Promise<PasswordRequestReport> {
  const { knex, clock, log } = dependencies;
  const report = { sent: 0, ignored: 0, failed: 0 };
  const oldest = new Date(clock.now().getTime() - LONGEST_WAIT_MS);
  report.ignored += await knex('password_requests').where('created_at', '<', oldest).delete();
  const open: PasswordRequest[] = await knex('password_requests')
    .orderBy('id')
    .limit(BATCH)
    .select('id', 'email', 'language');
  for (const request of open) {
    if (signal?.aborted === true) break;
    try {
      report[await answer(dependencies, request)] += 1;
    } catch (error) {
      report.failed += 1;
      log.error({ requestId: request.id, err: error }, 'A request for a new password failed; it will be tried again');
    }
  }
  return report;
}

function answer({ knex, clock, publicUrl }: Dependencies, request: PasswordRequest): Promise<'sent' | 'ignored'> {
  return knex.transaction(async (transaction) => {
    const account: { id: string; email: string; blocked_at: Date | null } | undefined = await transaction(
      'user_accounts',
    )
      .whereRaw('lower(email) = ?', request.email)
      .forNoKeyUpdate()
      .first('id', 'email', 'blocked_at');
    // After the account, as a deletion takes its locks. Another run may have been at the same one.
    const taken = await transaction('password_requests').where('id', request.id).delete();
    if (taken === 0) return 'ignored';
    // A deleted account is blocked, and its address is nobody's.
    if (!account || account.blocked_at !== null) return 'ignored';
    const now = clock.now().getTime();
    const earlier = () =>
      transaction('account_tokens').where({ user_account_id: account.id, purpose: 'reset_password' });
    await earlier()
      .where('expires_at', '<', new Date(now - DAY_MS))
      .delete();
    await earlier()
      .whereNull('used_at')
      .update({ used_at: new Date(now) });
    const token = newLinkToken();
    await transaction('account_tokens').insert({
      token_hash: hashLinkToken(token),
      purpose: 'reset_password',
      user_account_id: account.id,
      email: account.email,
      expires_at: new Date(now + LIFETIME_MINUTES * MINUTE_MS),
    });
    const profile: { interface_language: ProfileLanguage | null } | undefined = await transaction('user_profiles')
      .where('user_account_id', account.id)
      .first('interface_language');
    await queueMail(
      transaction,
      passwordForgottenMail({
        to: account.email,
        link: `${publicUrl}/reset-password?token=${token}`,
        language: profile?.interface_language ?? request.language ?? 'en',
        lifetimeMinutes: LIFETIME_MINUTES,
      }),
    );
    return 'sent';
  });
}
