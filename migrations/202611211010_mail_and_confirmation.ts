import type { Knex } from 'knex';

/** Mail that waits to be sent, the links in it, and the language that somebody reads. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Written in the transaction that the mail is about; a row goes when its mail has gone.
    CREATE TABLE mail_outbox (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      recipient text NOT NULL CHECK (length(recipient) BETWEEN 3 AND 254),
      subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
      text text NOT NULL,
      html text,
      attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
      -- While an attempt is under way it stands behind the attempt's deadline.
      next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      -- Given up; kept for a while, to be looked at.
      failed_at timestamptz,
      last_error text,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX mail_outbox_due ON mail_outbox (next_attempt_at) WHERE failed_at IS NULL;
    GRANT SELECT, DELETE ON mail_outbox TO ailingva_app;
    GRANT INSERT (recipient, subject, text, html) ON mail_outbox TO ailingva_app;
    GRANT UPDATE (attempts, next_attempt_at, failed_at, last_error) ON mail_outbox TO ailingva_app;

    -- What proves that somebody reads the mail of an address. The token itself is in the mail alone.
    CREATE TABLE account_tokens (
      token_hash text PRIMARY KEY,
      purpose text NOT NULL CHECK (purpose IN ('confirm_email')),
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      email text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      expires_at timestamptz NOT NULL,
      used_at timestamptz
    );
    CREATE INDEX account_tokens_user ON account_tokens (user_account_id, purpose);
    GRANT SELECT, INSERT, DELETE ON account_tokens TO ailingva_app;
    GRANT UPDATE (used_at) ON account_tokens TO ailingva_app;

    -- Not \`language\`, which is the one that is learned. NULL: not known.
    ALTER TABLE user_profiles ADD COLUMN interface_language text CHECK (interface_language IN ('en', 'ru'));
    GRANT INSERT (interface_language), UPDATE (interface_language) ON user_profiles TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE user_profiles DROP COLUMN interface_language;
    DROP TABLE account_tokens, mail_outbox;
  `);
}
