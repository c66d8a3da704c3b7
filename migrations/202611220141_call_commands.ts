import type { Knex } from 'knex';

/** What staff ask of a call that lives on another machine: its node looks here every other second. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE calls ADD COLUMN end_requested text CHECK (end_requested IN ('ended_by_staff', 'blocked'));
    GRANT UPDATE (end_requested) ON calls TO ailingva_app;
    -- Few rows at any time: a call that was asked to end does so at once.
    CREATE INDEX calls_end_requested ON calls (node_id)
      WHERE end_requested IS NOT NULL AND status IN ('placed', 'live');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE calls DROP COLUMN end_requested');
}
