import type { Knex } from 'knex';

/**
 * What a session was, kept with what it cost: a call's row and its turns may change after the charge, and figures that
 * are summed up at different times must come out the same.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The engines that a document names anywhere, each once: 'local', or 'openai+yandex'. NULL: none is named.
    CREATE FUNCTION engine_label(engines jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
      SELECT left(string_agg(DISTINCT name #>> '{}', '+' ORDER BY name #>> '{}'), 100)
      FROM jsonb_path_query(engines, '$.** \\? (@.type() == "string")') AS name
      WHERE name #>> '{}' <> ''
    );

    ALTER TABLE usage_sessions
      ADD COLUMN language text,
      -- 'unknown' where nobody wrote down what served the call.
      ADD COLUMN engine text,
      -- Of the billed minutes, those from lots that nobody paid for.
      ADD COLUMN free_minutes minutes,
      -- What had been paid for the others.
      ADD COLUMN recognized_kopecks bigint;

    -- The charge writes the debit's allocations first.
    CREATE FUNCTION describe_usage() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      SELECT c.language, coalesce(engine_label(c.engines -> 'used'),
          (SELECT engine_label(jsonb_agg(t.engines)) FROM call_turns t WHERE t.call_id = c.id), 'unknown')
      INTO NEW.language, NEW.engine
      FROM calls c WHERE c.id = NEW.call_id;
      SELECT coalesce(sum(a.minutes) FILTER (WHERE l.kind = 'free'), 0), coalesce(sum(a.amount_kopecks), 0)
      INTO NEW.free_minutes, NEW.recognized_kopecks
      FROM wallet_lot_allocations a JOIN wallet_lots l ON l.id = a.wallet_lot_id
      WHERE a.wallet_transaction_id = NEW.wallet_transaction_id;
      RETURN NEW;
    END $$;

    ALTER TABLE usage_sessions DISABLE TRIGGER usage_sessions_append_only;
    UPDATE usage_sessions u
    SET language = c.language,
      engine = coalesce(engine_label(c.engines -> 'used'),
        (SELECT engine_label(jsonb_agg(t.engines)) FROM call_turns t WHERE t.call_id = c.id), 'unknown'),
      free_minutes = coalesce(s.free, 0), recognized_kopecks = coalesce(s.paid, 0)
    FROM calls c, usage_sessions v
      LEFT JOIN (
        SELECT a.wallet_transaction_id, sum(a.minutes) FILTER (WHERE l.kind = 'free') AS free,
          sum(a.amount_kopecks) AS paid
        FROM wallet_lot_allocations a JOIN wallet_lots l ON l.id = a.wallet_lot_id GROUP BY 1
      ) s USING (wallet_transaction_id)
    WHERE c.id = u.call_id AND v.id = u.id;
    ALTER TABLE usage_sessions ENABLE ALWAYS TRIGGER usage_sessions_append_only;

    ALTER TABLE usage_sessions
      ALTER COLUMN language SET NOT NULL,
      ALTER COLUMN engine SET NOT NULL,
      ALTER COLUMN free_minutes SET NOT NULL,
      ALTER COLUMN recognized_kopecks SET NOT NULL,
      ADD CONSTRAINT usage_sessions_described CHECK (free_minutes >= 0 AND recognized_kopecks >= 0);
    CREATE TRIGGER usage_sessions_described BEFORE INSERT ON usage_sessions
      FOR EACH ROW EXECUTE FUNCTION describe_usage();

    -- Sessions are most of the ledger, and have their own.
    CREATE INDEX wallet_transactions_credits_xid ON wallet_transactions (xid) WHERE type <> 'usage';
    CREATE INDEX wallet_transactions_credits_created ON wallet_transactions (created_at) WHERE type <> 'usage';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX wallet_transactions_credits_xid, wallet_transactions_credits_created;
    DROP TRIGGER usage_sessions_described ON usage_sessions;
    DROP FUNCTION describe_usage();
    ALTER TABLE usage_sessions DROP COLUMN language, DROP COLUMN engine, DROP COLUMN free_minutes,
      DROP COLUMN recognized_kopecks;
    DROP FUNCTION engine_label(jsonb);
  `);
}
