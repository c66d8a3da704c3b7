import type { Knex } from 'knex';

/**
 * Figures that are added up as rows come in, by the hour (UTC) and by the day (in the house's time zone). '*' stands for
 * all engines, or all languages. Minutes are integers here, hundredths of a minute: sums of integers are several times
 * cheaper than those of numeric, and these are all that the tables are for.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- How far the figures go: every row of a transaction below "last" is in them, and no other.
    CREATE TABLE analytics_cursor (
      one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
      last xid8 NOT NULL DEFAULT '0',
      -- Where the days of the daily tables begin.
      time_zone text NOT NULL DEFAULT 'Europe/Moscow',
      rolled_up_at timestamptz
    );
    INSERT INTO analytics_cursor DEFAULT VALUES;
    GRANT SELECT, UPDATE ON analytics_cursor TO ailingva_app;

    CREATE TABLE revenue_hourly (
      period timestamptz NOT NULL,
      engine text NOT NULL,
      language text NOT NULL,
      sessions bigint NOT NULL,
      billed_minutes bigint NOT NULL,
      talked_sec bigint NOT NULL,
      list_kopecks bigint NOT NULL,
      recognized_kopecks bigint NOT NULL,
      free_hundredths bigint NOT NULL,
      PRIMARY KEY (engine, language, period)
    );
    CREATE TABLE revenue_daily (LIKE revenue_hourly INCLUDING ALL);
    ALTER TABLE revenue_daily ALTER COLUMN period TYPE date;

    -- Who called, as sets that can be united: account number n is bit n % 4096 of chunk n / 4096.
    CREATE TABLE analytics_callers (
      user_account_id uuid PRIMARY KEY,
      number integer NOT NULL UNIQUE CHECK (number >= 0)
    );
    -- Of all engines and languages.
    CREATE TABLE callers_hourly (
      period timestamptz NOT NULL,
      chunk integer NOT NULL,
      members bit(4096) NOT NULL,
      PRIMARY KEY (period, chunk)
    );
    CREATE TABLE callers_daily (
      period date NOT NULL,
      engine text NOT NULL,
      language text NOT NULL,
      chunk integer NOT NULL,
      members bit(4096) NOT NULL,
      PRIMARY KEY (engine, language, period, chunk)
    );

    -- The ledger without usage: what came in, and what was taken back of it.
    CREATE TABLE credits_hourly (
      period timestamptz NOT NULL,
      -- deposit, trial, gift, referral (both sides), adjustment; of a reversal, that of what it takes back.
      kind text NOT NULL,
      credits bigint NOT NULL,
      credited_hundredths bigint NOT NULL,
      credited_kopecks bigint NOT NULL,
      debits bigint NOT NULL,
      debited_hundredths bigint NOT NULL,
      debited_kopecks bigint NOT NULL,
      PRIMARY KEY (period, kind)
    );
    CREATE TABLE credits_daily (LIKE credits_hourly INCLUDING ALL);
    ALTER TABLE credits_daily ALTER COLUMN period TYPE date;

    -- Turns are rewritten while they last, so each change of one waits here to be added and taken off.
    CREATE TABLE call_turn_changes (
      sign smallint NOT NULL CHECK (sign IN (1, -1)),
      created_at timestamptz NOT NULL,
      engines jsonb NOT NULL,
      stages jsonb NOT NULL,
      usage_lines jsonb NOT NULL
    );
    CREATE FUNCTION note_turn_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP <> 'INSERT' THEN
        IF TG_OP = 'UPDATE' AND (to_jsonb(OLD) -> 'engines', to_jsonb(OLD) -> 'stages', to_jsonb(OLD) -> 'usage_lines')
          IS NOT DISTINCT FROM (to_jsonb(NEW) -> 'engines', to_jsonb(NEW) -> 'stages', to_jsonb(NEW) -> 'usage_lines')
          AND OLD.created_at = NEW.created_at
        THEN
          RETURN NULL;
        END IF;
        INSERT INTO call_turn_changes (sign, created_at, engines, stages, usage_lines)
        VALUES (-1, OLD.created_at, OLD.engines, OLD.stages, coalesce(to_jsonb(OLD) -> 'usage_lines', '[]'));
      END IF;
      IF TG_OP <> 'DELETE' THEN
        INSERT INTO call_turn_changes (sign, created_at, engines, stages, usage_lines)
        VALUES (1, NEW.created_at, NEW.engines, NEW.stages, coalesce(to_jsonb(NEW) -> 'usage_lines', '[]'));
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER call_turns_noted AFTER INSERT OR UPDATE OR DELETE ON call_turns
      FOR EACH ROW EXECUTE FUNCTION note_turn_change();
    INSERT INTO call_turn_changes (sign, created_at, engines, stages, usage_lines)
    SELECT 1, created_at, engines, stages, coalesce(to_jsonb(t) -> 'usage_lines', '[]') FROM call_turns t;

    -- How many turns took so long: bucket b holds 1.05^(b-1) < ms <= 1.05^b.
    CREATE TABLE latency_daily (
      period date NOT NULL,
      engine text NOT NULL,
      stage text NOT NULL,
      bucket smallint NOT NULL,
      turns bigint NOT NULL,
      PRIMARY KEY (period, engine, stage, bucket)
    );
    CREATE TABLE engine_costs_daily (
      period date NOT NULL,
      engine text NOT NULL,
      -- stt, tutor, tts, speech_to_speech.
      kind text NOT NULL,
      turns bigint NOT NULL,
      audio_in_ms bigint NOT NULL,
      audio_out_ms bigint NOT NULL,
      characters bigint NOT NULL,
      input_tokens bigint NOT NULL,
      output_tokens bigint NOT NULL,
      cost_micro_rub bigint NOT NULL,
      PRIMARY KEY (period, engine, kind)
    );

    -- The figures of a day as they were when it was closed; what came later is in the daily tables alone.
    CREATE TABLE closed_days (
      starts_at timestamptz PRIMARY KEY,
      ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
      day date NOT NULL,
      time_zone text NOT NULL,
      figures jsonb NOT NULL,
      closed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE TRIGGER closed_days_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_days
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE closed_days ENABLE ALWAYS TRIGGER closed_days_append_only;

    GRANT SELECT, INSERT ON analytics_callers, closed_days TO ailingva_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON revenue_hourly, revenue_daily, callers_hourly, callers_daily,
      credits_hourly, credits_daily, latency_daily, engine_costs_daily, call_turn_changes TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER call_turns_noted ON call_turns;
    DROP FUNCTION note_turn_change();
    DROP TABLE closed_days, engine_costs_daily, latency_daily, call_turn_changes, credits_daily, credits_hourly,
      callers_daily, callers_hourly, analytics_callers, revenue_daily, revenue_hourly, analytics_cursor;
  `);
}
