import type { Knex } from 'knex';
import { userNotFound } from './account-errors.ts';
import { UserAccount } from './user-models.ts';

/**
 * Whoever holds this lock is alone with the account, its role and its tokens of letters. It is taken before those of calls
 * and wallets. Rows that refer to the account can be added meanwhile.
 * @throws AppError `user_not_found`
 */
export async function lockAccount(transaction: Knex.Transaction, userId: string): Promise<UserAccount> {
  const account = await UserAccount.query(transaction).findById(userId).forNoKeyUpdate();
  if (!account) throw userNotFound();
  return account;
}
