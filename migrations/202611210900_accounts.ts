import type { Knex } from 'knex';

/**
 * The application's role, the guard of append-only tables, and who uses the house.
 *
 * Migrations run as the login role, which owns everything; the running application is `ailingva_app`, which may
 * do no more than each table's GRANT says. The role belongs to the whole cluster, so it may exist already.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DO $$
    BEGIN
      CREATE ROLE ailingva_app NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- made for another database of this cluster
    END $$;

    DO $$
    BEGIN
      IF NOT pg_has_role(current_user, 'ailingva_app', 'SET') THEN
        EXECUTE format('GRANT ailingva_app TO %I WITH SET TRUE', current_user);
      END IF;
    END $$;

    GRANT USAGE ON SCHEMA public TO ailingva_app;

    -- numeric(12,2) alone lets NaN in, and NaN passes every ">= 0". NaN sorts above all numbers.
    CREATE DOMAIN minutes AS numeric(12, 2) CHECK (VALUE < 'NaN');
    CREATE DOMAIN roubles AS numeric(12, 2) CHECK (VALUE < 'NaN');

    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Correct it by a new row.';
    END $$;

    CREATE TABLE user_accounts (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
      password_hash text NOT NULL,
      role text NOT NULL DEFAULT 'student' CHECK (role IN ('student', 'support', 'analyst', 'admin')),
      -- Tokens carry the version they were made under; raising it ends all of them.
      token_version integer NOT NULL DEFAULT 1 CHECK (token_version > 0),
      blocked_at timestamptz,
      confirmed_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX user_accounts_email_key ON user_accounts (lower(email));
    GRANT SELECT, INSERT ON user_accounts TO ailingva_app;
    GRANT UPDATE (email, password_hash, role, token_version, blocked_at, confirmed_at) ON user_accounts TO ailingva_app;

    CREATE TABLE user_profiles (
      user_account_id uuid PRIMARY KEY REFERENCES user_accounts ON DELETE RESTRICT,
      name text NOT NULL DEFAULT '' CHECK (length(name) <= 80),
      language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'ru')),
      level text NOT NULL DEFAULT 'beginner' CHECK (level IN ('beginner', 'intermediate', 'advanced')),
      -- The wallet: a cache of the ledger's sum, and what open calls hold of it.
      minutes_balance minutes NOT NULL DEFAULT 0,
      minutes_held minutes NOT NULL DEFAULT 0,
      -- The sequence of the user's last row in wallet_transactions.
      ledger_sequence bigint NOT NULL DEFAULT 0 CHECK (ledger_sequence >= 0),
      CONSTRAINT user_profiles_wallet_covers_holds CHECK (0 <= minutes_held AND minutes_held <= minutes_balance)
    );
    GRANT SELECT ON user_profiles TO ailingva_app;
    GRANT INSERT (user_account_id, name, language, level) ON user_profiles TO ailingva_app;
    GRANT UPDATE (name, language, level, minutes_balance, minutes_held, ledger_sequence) ON user_profiles TO ailingva_app;

    -- Counters of rate-limiter-flexible: it inserts by position, so the order of the columns is its own.
    CREATE TABLE rate_limits (
      key varchar(255) PRIMARY KEY,
      points integer NOT NULL DEFAULT 0,
      expire bigint
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits TO ailingva_app;
  `);
}

/** The role stays: other databases of the cluster may use it. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE rate_limits, user_profiles, user_accounts;
    DROP FUNCTION refuse_change();
    DROP DOMAIN minutes, roubles;
  `);
}
