import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { emailSchema } from './email.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { checkPassword } from './password-policy.ts';
import { UserAccount, UserProfile } from './user-models.ts';

const DEFAULT_EMAIL = 'admin@ailingva.local';

export interface FirstAdmin {
  readonly email: string;
  /** Only when it was made here. It is kept nowhere: show it now. */
  readonly generatedPassword?: string;
}

interface Dependencies {
  readonly knex: Knex;
  readonly hasher: PasswordHasher;
  readonly log: Logger;
}

/**
 * Makes the first administrator. Processes that start at the same time make one.
 * @throws AppError `admin_email_taken` when the address is a learner's: whoever registered it knows its password
 */
export async function ensureAdmin(
  { knex, hasher, log }: Dependencies,
  admin: { readonly email?: string; readonly password?: string },
): Promise<FirstAdmin | undefined> {
  if (await adminExists(knex)) return undefined;
  const email = emailSchema.parse(admin.email ?? DEFAULT_EMAIL);
  const password = admin.password ?? randomBytes(18).toString('base64url');
  checkPassword(password, email);
  const passwordHash = await hasher.hash(password);

  const made = await knex.transaction(async (transaction) => {
    await transaction.raw(`SELECT pg_advisory_xact_lock(hashtextextended('ailingva.first_admin', 0))`);
    if (await adminExists(transaction)) return false;
    if (await UserAccount.query(transaction).whereRaw('lower(email) = ?', email).first()) throw emailTaken();
    const account = await UserAccount.query(transaction)
      .insert({ email, passwordHash, role: 'admin', confirmedAt: new Date() })
      .returning('*');
    await UserProfile.query(transaction).insert({ userAccountId: account.id, name: 'Administrator' });
    log.info({ userId: account.id }, 'The first administrator was made');
    return true;
  });
  if (!made) return undefined;
  return admin.password === undefined ? { email, generatedPassword: password } : { email };
}

async function adminExists(knex: Knex): Promise<boolean> {
  return (await UserAccount.query(knex).where('role', 'admin').first()) !== undefined;
}

function emailTaken(): AppError {
  return new AppError({
    code: 'admin_email_taken',
    kind: 'conflict',
    message: 'The administrator’s e-mail address belongs to a learner’s account. Set another with ADMIN_EMAIL.',
  });
}
