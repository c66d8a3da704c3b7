import type { Knex } from 'knex';

/**
 * How many different people each cell of all engines and languages stands for. It follows from the sets of callers, which
 * are fifty times as large to read: whoever asks for a month of hours wants the numbers only.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- NULL: nobody counted them; the sets are united then.
    ALTER TABLE revenue_hourly ADD COLUMN callers bigint;
    ALTER TABLE revenue_daily ADD COLUMN callers bigint;
    UPDATE revenue_hourly r
    SET callers = (SELECT sum(bit_count(members)) FROM callers_hourly c WHERE c.period = r.period)
    WHERE engine = '*' AND language = '*';
    UPDATE revenue_daily r
    SET callers = (
      SELECT sum(bit_count(members)) FROM callers_daily c
      WHERE c.engine = '*' AND c.language = '*' AND c.period = r.period
    )
    WHERE engine = '*' AND language = '*';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE revenue_daily DROP COLUMN callers;
    ALTER TABLE revenue_hourly DROP COLUMN callers;
  `);
}
