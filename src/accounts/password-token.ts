import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { accountBlocked } from './account-errors.ts';
import type { ProfileLanguage } from './user-models.ts';

interface UsableToken {
  readonly email: string;
}

/** @throws AppError where no password is changed with it */
export async function readUsableToken(knex: Knex, tokenHash: string, now: Date): Promise<UsableToken> {
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
  if (found.blocked_at !== null) throw accountBlocked();
  if (found.used_at !== null) {
    throw refused('reset_token_used', 'The link was used already, or there is a newer one.', 'conflict');
  }
  if (found.expires_at.getTime() <= now.getTime()) {
    throw refused('reset_token_expired', 'The link is too old. Ask for a new one.');
  }
  return { email: found.email };
}

interface TokensOwner {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly interface_language: ProfileLanguage | null;
}

/** All of an account's tokens change under the account's lock: of two who reset at once, one waits here. */
export async function lockTokensOwner(transaction: Knex.Transaction, tokenHash: string): Promise<TokensOwner> {
  const owner: TokensOwner | undefined = await findToken(transaction, tokenHash)
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
