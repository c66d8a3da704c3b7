import type { Knex } from 'knex';

/** A request to place a call may be repeated after a lost answer without placing, and holding for, two. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE calls ADD COLUMN idempotency_key text
      CONSTRAINT calls_idempotency_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 128);
    -- Calls without a key are NULL here, and NULLs do not collide.
    CREATE UNIQUE INDEX calls_idempotency_key ON calls (user_account_id, idempotency_key);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE calls DROP COLUMN idempotency_key');
}
