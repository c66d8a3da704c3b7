import type { Knex } from 'knex';

/** Of a call that names no engine there is nothing to read: each charge would begin the function twice for nothing. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('ALTER FUNCTION engine_label(jsonb) STRICT');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER FUNCTION engine_label(jsonb) CALLED ON NULL INPUT');
}
