import type { Knex } from 'knex';
import { selectRow } from './sql.ts';

/**
 * Whether this account is its person's first, whatever they call themselves. Of several accounts that one person makes
 * at once exactly one is: the others wait here for its transaction.
 */
export async function isFirstAccount(transaction: Knex.Transaction, userId: string): Promise<boolean> {
  await transaction.raw(
    `INSERT INTO known_persons (person_hash, first_account_id)
     SELECT person_hash(email), id FROM user_accounts WHERE id = :userId
     ON CONFLICT (person_hash) DO NOTHING`,
    { userId },
  );
  const first = await selectRow(
    transaction,
    `SELECT FROM known_persons
     WHERE person_hash = (SELECT person_hash(email) FROM user_accounts WHERE id = :userId) AND first_account_id = :userId`,
    { userId },
  );
  return first !== undefined;
}
