import { randomInt } from 'node:crypto';
import type { Knex } from 'knex';
import { AppError } from '../../platform/errors.ts';
import { selectRow } from '../sql.ts';

/** Crockford's Base32 (https://www.crockford.com/base32.html) without 0 and 1: nothing is mistaken, and no U, so no words. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 8;

/** The user's own code, made when they have none: at the registration, or for staff, who do not register, when asked. */
export async function ensureCode(knex: Knex, userId: string): Promise<string> {
  // A code that somebody else has, one in 10¹¹, makes no row; nor does a second one for this user.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const own = await selectRow<{ code: string }>(
      knex,
      'SELECT code FROM referral_codes WHERE user_account_id = :userId',
      { userId },
    );
    if (own) return own.code;
    await knex.raw(
      'INSERT INTO referral_codes (user_account_id, code) VALUES (:userId, :code) ON CONFLICT DO NOTHING',
      { userId, code: makeCode() },
    );
  }
  throw new Error('No free referral code was found');
}

/** From now on nobody is invited with it. */
export async function dropCode(transaction: Knex.Transaction, userId: string): Promise<void> {
  await transaction.raw('DELETE FROM referral_codes WHERE user_account_id = :userId', { userId });
}

function makeCode(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/**
 * Whose code it is. Case, spaces and hyphens do not matter.
 * @throws AppError `referral_code_unknown`, also for the code of a blocked account
 */
export async function findInviter(transaction: Knex.Transaction, typed: string): Promise<string> {
  const code = typed.replaceAll(/[\s-]/g, '').toUpperCase();
  const owner = /^[2-9A-Z]{8}$/.test(code)
    ? await selectRow<{ id: string }>(
        transaction,
        `SELECT account.id FROM referral_codes JOIN user_accounts account ON account.id = user_account_id
         WHERE code = :code AND account.blocked_at IS NULL`,
        { code },
      )
    : undefined;
  if (owner) return owner.id;
  throw new AppError({
    code: 'referral_code_unknown',
    kind: 'invalid',
    message: 'There is no such invitation code. Correct it, or leave it out.',
  });
}
