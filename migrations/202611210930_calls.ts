import type { Knex } from 'knex';

/** Where calls live, the calls, what was said in them, what is held for them and what was charged. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE media_nodes (
      id text PRIMARY KEY CHECK (id ~ '^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$'),
      -- Where the web process reaches the node's signaling.
      url text NOT NULL,
      -- Where the page reaches it, on the web process's origin.
      public_path text NOT NULL CHECK (public_path LIKE '/%'),
      -- Both in calls.
      capacity integer NOT NULL CHECK (capacity > 0),
      load integer NOT NULL DEFAULT 0 CHECK (load >= 0),
      draining boolean NOT NULL DEFAULT false,
      registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON media_nodes TO ailingva_app;

    CREATE TABLE calls (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      status text NOT NULL DEFAULT 'placed',
      -- No foreign key: a node leaves, its calls remain.
      node_id text NOT NULL,
      language text NOT NULL CHECK (language IN ('en', 'ru')),
      level text NOT NULL CHECK (level IN ('beginner', 'intermediate', 'advanced')),
      engines jsonb NOT NULL DEFAULT '{}',
      tutor_memory jsonb,
      placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      live_at timestamptz,
      talked_ms bigint NOT NULL DEFAULT 0 CHECK (talked_ms >= 0),
      last_beat_at timestamptz,
      ended_at timestamptz,
      end_reason text,
      finalized_at timestamptz,
      CONSTRAINT calls_status CHECK (
        CASE status
          WHEN 'placed' THEN live_at IS NULL AND ended_at IS NULL AND finalized_at IS NULL
          WHEN 'live' THEN live_at IS NOT NULL AND ended_at IS NULL AND finalized_at IS NULL
          WHEN 'ended' THEN ended_at IS NOT NULL AND finalized_at IS NULL
          WHEN 'finalized' THEN ended_at IS NOT NULL AND finalized_at IS NOT NULL
          ELSE false
        END
      ),
      CONSTRAINT calls_end_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    );
    CREATE INDEX calls_history ON calls (user_account_id, id DESC);
    -- What the sweeper and placement look at: few rows however long the history grows.
    CREATE INDEX calls_unfinished ON calls (status, id) WHERE status <> 'finalized';
    CREATE INDEX calls_open_by_user ON calls (user_account_id) WHERE status IN ('placed', 'live');
    CREATE INDEX calls_open_by_node ON calls (node_id) WHERE status IN ('placed', 'live');
    GRANT SELECT, INSERT ON calls TO ailingva_app;
    GRANT UPDATE (status, node_id, engines, tutor_memory, live_at, talked_ms, last_beat_at, ended_at, end_reason,
      finalized_at) ON calls TO ailingva_app;

    CREATE TABLE call_turns (
      call_id uuid NOT NULL REFERENCES calls ON DELETE RESTRICT,
      ordinal integer NOT NULL CHECK (ordinal >= 0),
      speaker text NOT NULL CHECK (speaker IN ('learner', 'tutor')),
      text text NOT NULL,
      heard_text text NOT NULL,
      interrupted boolean NOT NULL,
      -- A drill's word-by-word assessment.
      words jsonb,
      engines jsonb NOT NULL,
      -- Talk time of the call.
      started_at_ms bigint NOT NULL CHECK (started_at_ms >= 0),
      duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
      -- Milliseconds from the end of the learner's speech, by stage.
      stages jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (call_id, ordinal)
    );
    CREATE INDEX call_turns_created ON call_turns (created_at);
    GRANT SELECT, INSERT, UPDATE ON call_turns TO ailingva_app;

    CREATE TABLE call_holds (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      call_id uuid NOT NULL REFERENCES calls ON DELETE RESTRICT,
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      -- Whole minutes: the most that the call may be charged.
      minutes minutes NOT NULL CHECK (minutes > 0 AND minutes = floor(minutes)),
      -- The price that the call was placed at.
      tariff_snapshot jsonb NOT NULL,
      opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      closed_at timestamptz
    );
    CREATE UNIQUE INDEX call_holds_one_open ON call_holds (call_id) WHERE closed_at IS NULL;
    CREATE INDEX call_holds_open_by_user ON call_holds (user_account_id) WHERE closed_at IS NULL;
    GRANT SELECT, INSERT ON call_holds TO ailingva_app;
    GRANT UPDATE (minutes, closed_at) ON call_holds TO ailingva_app;

    CREATE TABLE usage_sessions (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      call_id uuid NOT NULL UNIQUE REFERENCES calls ON DELETE RESTRICT,
      wallet_transaction_id uuid NOT NULL UNIQUE REFERENCES wallet_transactions ON DELETE RESTRICT,
      duration_sec integer NOT NULL CHECK (duration_sec >= 0),
      billed_minutes integer NOT NULL CHECK (billed_minutes >= 1),
      billed_amount_rub roubles NOT NULL CHECK (billed_amount_rub >= 0),
      tariff_snapshot jsonb NOT NULL,
      -- The session's end.
      created_at timestamptz NOT NULL,
      xid xid8 NOT NULL DEFAULT pg_current_xact_id()
    );
    CREATE INDEX usage_sessions_user ON usage_sessions (user_account_id, created_at DESC);
    CREATE INDEX usage_sessions_created ON usage_sessions (created_at);
    CREATE INDEX usage_sessions_xid ON usage_sessions (xid);
    GRANT SELECT, INSERT ON usage_sessions TO ailingva_app;
    CREATE TRIGGER usage_sessions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_sessions
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE usage_sessions ENABLE ALWAYS TRIGGER usage_sessions_append_only;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE usage_sessions, call_holds, call_turns, calls, media_nodes');
}
