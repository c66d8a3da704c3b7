import type { Knex } from 'knex';

/** When the books were last checked, and how many differences of which kind were found. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE reconciliations (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      -- schedule: the nightly one. operator: asked for. repair: what was left after one.
      cause text NOT NULL CHECK (cause IN ('schedule', 'operator', 'repair')),
      -- {"kind": count}, of those that were found.
      differences jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX reconciliations_cause ON reconciliations (cause, created_at DESC);
    GRANT SELECT, INSERT ON reconciliations TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE reconciliations');
}
