import { createHmac } from 'node:crypto';
import type { Knex } from 'knex';
import { selectRow } from './sql.ts';

/**
 * Whether this account is its person's first, whatever they call themselves. Of several accounts that one person makes
 * at once exactly one is: the others wait here for its transaction.
 * @param secret under which those who left are remembered; without one they are not asked about
 */
export async function isFirstAccount(
  transaction: Knex.Transaction,
  userId: string,
  secret: string | undefined,
): Promise<boolean> {
  await transaction.raw(
    `INSERT INTO known_persons (person_hash, first_account_id)
     SELECT person_hash(email), id FROM user_accounts WHERE id = :userId
     ON CONFLICT (person_hash) DO NOTHING`,
    { userId },
  );
  const first = await selectRow<{ person_hash: string }>(
    transaction,
    `SELECT person_hash FROM known_persons
     WHERE person_hash = (SELECT person_hash(email) FROM user_accounts WHERE id = :userId) AND first_account_id = :userId`,
    { userId },
  );
  if (first === undefined) return false;
  if (secret === undefined) return true;
  // After the insertion, which waits for a deletion under way.
  const departed = await selectRow(transaction, 'SELECT FROM departed_persons WHERE person_key = :key', {
    key: keyOf(first.person_hash, secret),
  });
  return departed === undefined;
}

/**
 * Forgets the person of an account that is being deleted, but for a keyed hash: enough to know them should they come
 * back, and nothing that can be asked for an address without the secret. Before the address is taken out of the account.
 */
export async function rememberDeparted(transaction: Knex.Transaction, userId: string, secret: string): Promise<void> {
  const forgotten = await selectRow<{ person_hash: string }>(
    transaction,
    'DELETE FROM known_persons WHERE first_account_id = :userId RETURNING person_hash',
    { userId },
  );
  // A second account of somebody who stays, or a house without a first one.
  if (!forgotten) return;
  await transaction.raw('INSERT INTO departed_persons (person_key) VALUES (:key) ON CONFLICT DO NOTHING', {
    key: keyOf(forgotten.person_hash, secret),
  });
}

function keyOf(personHash: string, secret: string): string {
  const key = createHmac('sha256', secret).update('departed persons').digest();
  return createHmac('sha256', key).update(personHash).digest('hex');
}
