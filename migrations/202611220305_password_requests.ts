import type { Knex } from 'knex';

/** Links to a new password, and who asked for one. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Written for whatever address was typed, so that the answer tells nobody whether it has an account; a row goes
    -- when the jobs process has looked it up.
    CREATE TABLE password_requests (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
      -- What the browser asked for, for accounts of which no language is known.
      language text CHECK (language IN ('en', 'ru')),
      created_at timestamptz NOT NULL
    );
    GRANT SELECT, INSERT, DELETE ON password_requests TO ailingva_app;

    ALTER TABLE account_tokens DROP CONSTRAINT account_tokens_purpose_check,
      ADD CONSTRAINT account_tokens_purpose_check CHECK (purpose IN ('confirm_email', 'reset_password'));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DELETE FROM account_tokens WHERE purpose = 'reset_password';
    ALTER TABLE account_tokens DROP CONSTRAINT account_tokens_purpose_check,
      ADD CONSTRAINT account_tokens_purpose_check CHECK (purpose IN ('confirm_email'));
    DROP TABLE password_requests;
  `);
}
