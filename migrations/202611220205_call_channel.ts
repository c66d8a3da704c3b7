import type { Knex } from 'knex';

/** How a call is held: live, or in turns over HTTP. The two are never mixed in one call. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE calls ADD COLUMN channel text NOT NULL DEFAULT 'live'
      CONSTRAINT calls_channel CHECK (channel IN ('live', 'http'));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE calls DROP COLUMN channel');
}
