import type { Knex } from 'knex';

/** The addresses of these accounts, by id. */
export async function readEmails(knex: Knex, userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (userIds.length === 0) return new Map();
  const rows = await knex<{ id: string; email: string }>('user_accounts').whereIn('id', userIds).select('id', 'email');
  return new Map(rows.map(({ id, email }) => [id, email]));
}
