import type { Knex } from 'knex';

/** What a reversal could not take, because it had been spent: the next deposit pays it. And what a reversal may be. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE wallet_debts (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      -- The credit that should have been taken back.
      reverses_id uuid NOT NULL REFERENCES wallet_transactions ON DELETE RESTRICT,
      minutes minutes NOT NULL CHECK (minutes > 0),
      remaining minutes NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      CONSTRAINT wallet_debts_remaining CHECK (0 <= remaining AND remaining <= minutes)
    );
    CREATE INDEX wallet_debts_open ON wallet_debts (user_account_id, id) WHERE remaining > 0;
    CREATE INDEX wallet_debts_reverses ON wallet_debts (reverses_id);
    GRANT SELECT, INSERT ON wallet_debts TO ailingva_app;
    GRANT UPDATE (remaining) ON wallet_debts TO ailingva_app;

    -- One payment towards a debt: a reversal in the ledger.
    CREATE TABLE wallet_debt_settlements (
      wallet_transaction_id uuid PRIMARY KEY REFERENCES wallet_transactions ON DELETE RESTRICT,
      wallet_debt_id uuid NOT NULL REFERENCES wallet_debts ON DELETE RESTRICT,
      minutes minutes NOT NULL CHECK (minutes > 0)
    );
    CREATE INDEX wallet_debt_settlements_debt ON wallet_debt_settlements (wallet_debt_id);
    GRANT SELECT, INSERT ON wallet_debt_settlements TO ailingva_app;
    CREATE TRIGGER wallet_debt_settlements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_debt_settlements
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE wallet_debt_settlements ENABLE ALWAYS TRIGGER wallet_debt_settlements_append_only;

    -- The wallet's lock is held by whoever posts, so nobody else reverses the same row meanwhile.
    CREATE FUNCTION check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      original wallet_transactions;
      reversed numeric;
    BEGIN
      SELECT * INTO original FROM wallet_transactions WHERE id = NEW.reverses_id;
      SELECT coalesce(sum(minutes_delta), 0) INTO reversed FROM wallet_transactions WHERE reverses_id = NEW.reverses_id;
      IF original.user_account_id IS DISTINCT FROM NEW.user_account_id
        OR original.type = 'reversal'
        OR sign(original.minutes_delta) = sign(NEW.minutes_delta)
        OR abs(reversed + NEW.minutes_delta) > abs(original.minutes_delta)
      THEN
        RAISE EXCEPTION 'a reversal takes back what a row of the same wallet did, and no more'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_transactions_reversal_within';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER wallet_transactions_reversal_within BEFORE INSERT ON wallet_transactions
      FOR EACH ROW WHEN (NEW.type = 'reversal') EXECUTE FUNCTION check_reversal();
    ALTER TABLE wallet_transactions ENABLE ALWAYS TRIGGER wallet_transactions_reversal_within;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER wallet_transactions_reversal_within ON wallet_transactions;
    DROP FUNCTION check_reversal();
    DROP TABLE wallet_debt_settlements, wallet_debts;
  `);
}
