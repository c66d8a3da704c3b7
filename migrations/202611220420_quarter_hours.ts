import type { Knex } from 'knex';

/**
 * Figures by the quarter of an hour (UTC), of all engines and languages: the days and hours of every time zone are made of
 * quarters, and those of India and Nepal do not consist of hours.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE revenue_quarterly (
      period timestamptz PRIMARY KEY,
      sessions bigint NOT NULL,
      billed_minutes bigint NOT NULL,
      talked_sec bigint NOT NULL,
      list_kopecks bigint NOT NULL,
      recognized_kopecks bigint NOT NULL,
      free_hundredths bigint NOT NULL
    );
    CREATE TABLE callers_quarterly (LIKE callers_hourly INCLUDING ALL);
    CREATE TABLE credits_quarterly (LIKE credits_hourly INCLUDING ALL);
    GRANT SELECT, INSERT, UPDATE, DELETE ON revenue_quarterly, callers_quarterly, credits_quarterly TO ailingva_app;

    -- How far the quarters go. Where that is not "last" (they are new, or an older process rolled up), nobody reads them,
    -- and the next roll-up counts everything anew.
    ALTER TABLE analytics_cursor ADD COLUMN quarters_last xid8 NOT NULL DEFAULT '0';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE analytics_cursor DROP COLUMN quarters_last;
    DROP TABLE credits_quarterly, callers_quarterly, revenue_quarterly;
  `);
}
