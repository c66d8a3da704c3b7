import type { Knex } from 'knex';
import { UniqueViolationError } from 'objection';
import { AppError } from '../platform/errors.ts';
import type { Registration } from './account-service.ts';
import type { Confirmations } from './confirmation.ts';
import { UserAccount, UserProfile } from './user-models.ts';

export interface RegistrationOptions {
  readonly knex: Knex;
  /** Runs in the transaction that makes the account. */
  readonly onRegistered: (
    transaction: Knex.Transaction,
    userId: string,
    invitation: { readonly referralCode?: string },
  ) => Promise<void>;
  readonly confirmations: Confirmations | undefined;
}

/** Account, profile, what others do for it and the letter that asks to confirm: all or nothing. @throws AppError `email_taken` */
export async function insertAccount(
  { knex, onRegistered, confirmations }: RegistrationOptions,
  registration: Registration,
  passwordHash: string,
): Promise<UserAccount> {
  const { email, name, language, interfaceLanguage = null, referralCode } = registration;
  try {
    return await knex.transaction(async (transaction) => {
      const inserted = await UserAccount.query(transaction).insert({ email, passwordHash }).returning('*');
      await UserProfile.query(transaction).insert({ userAccountId: inserted.id, name, language, interfaceLanguage });
      await onRegistered(transaction, inserted.id, referralCode === undefined ? {} : { referralCode });
      await confirmations?.sendLink(transaction, inserted.id);
      return inserted;
    });
  } catch (error) {
    if (error instanceof UniqueViolationError && error.constraint === 'user_accounts_email_key') throw emailTaken();
    throw error;
  }
}

function emailTaken(): AppError {
  return new AppError({
    code: 'email_taken',
    kind: 'conflict',
    message: 'There is an account with this e-mail address already. Sign in instead.',
  });
}
