import type { Knex } from 'knex';

/** Who is signed in to the panel. The columns are those that connect-pg-simple reads and writes. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE panel_sessions (
      sid text PRIMARY KEY,
      sess json NOT NULL,
      expire timestamptz NOT NULL
    );
    CREATE INDEX panel_sessions_expire ON panel_sessions (expire);
    GRANT SELECT, INSERT, UPDATE, DELETE ON panel_sessions TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE panel_sessions');
}
