import type { Knex } from 'knex';

/** What was said is kept for a time; that it was said, when, and how fast the answer came, for good. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- When the words of a turn were blanked.
    ALTER TABLE call_turns ADD COLUMN erased_at timestamptz;
    -- What the nightly erasure looks at: never the history that it has already been through.
    CREATE INDEX call_turns_unerased ON call_turns (created_at) WHERE erased_at IS NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE call_turns DROP COLUMN erased_at');
}
