import type { Knex } from 'knex';

/**
 * The ledger and the lots behind it. What is written in the ledger stands: a correction is a new row.
 * Triggers are ENABLE ALWAYS because `session_replication_role = replica` passes the others, and per statement
 * because a row trigger lets TRUNCATE through.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE wallet_transactions (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      -- 1, 2, 3… without a gap within one user.
      sequence bigint NOT NULL CHECK (sequence > 0),
      type text NOT NULL,
      minutes_delta minutes NOT NULL,
      balance_after minutes NOT NULL CHECK (balance_after >= 0),
      idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
      reverses_id uuid REFERENCES wallet_transactions ON DELETE RESTRICT,
      -- Staff who did it; NULL where the house did it by its own rules.
      actor_id uuid REFERENCES user_accounts ON DELETE RESTRICT,
      reason text,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      -- The cursor of rollups: a row is final for every reader once its transaction is below the snapshot's xmin.
      xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
      CONSTRAINT wallet_transactions_sequence_key UNIQUE (user_account_id, sequence),
      CONSTRAINT wallet_transactions_idempotency_key UNIQUE (idempotency_key),
      CONSTRAINT wallet_transactions_sign CHECK (
        CASE
          WHEN type IN ('deposit', 'trial', 'gift', 'referral_reward', 'referral_welcome') THEN minutes_delta > 0
          WHEN type = 'usage' THEN minutes_delta < 0
          WHEN type IN ('reversal', 'adjustment') THEN minutes_delta <> 0
          ELSE false
        END
      ),
      CONSTRAINT wallet_transactions_reversal CHECK ((type = 'reversal') = (reverses_id IS NOT NULL))
    );
    CREATE UNIQUE INDEX wallet_transactions_one_trial ON wallet_transactions (user_account_id) WHERE type = 'trial';
    CREATE INDEX wallet_transactions_reverses ON wallet_transactions (reverses_id) WHERE reverses_id IS NOT NULL;
    GRANT SELECT, INSERT ON wallet_transactions TO ailingva_app;
    CREATE TRIGGER wallet_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_transactions
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE wallet_transactions ENABLE ALWAYS TRIGGER wallet_transactions_append_only;

    -- One credit's minutes: what they cost, and how many are left.
    CREATE TABLE wallet_lots (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      wallet_transaction_id uuid NOT NULL UNIQUE REFERENCES wallet_transactions ON DELETE RESTRICT,
      kind text NOT NULL,
      minutes minutes NOT NULL CHECK (minutes > 0),
      remaining minutes NOT NULL,
      -- Paid for the whole lot.
      price_kopecks bigint NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      CONSTRAINT wallet_lots_remaining CHECK (0 <= remaining AND remaining <= minutes),
      CONSTRAINT wallet_lots_price CHECK (
        CASE kind WHEN 'free' THEN price_kopecks = 0 WHEN 'paid' THEN price_kopecks > 0 ELSE false END
      )
    );
    CREATE INDEX wallet_lots_open ON wallet_lots (user_account_id, id) WHERE remaining > 0;
    GRANT SELECT, INSERT ON wallet_lots TO ailingva_app;
    GRANT UPDATE (remaining) ON wallet_lots TO ailingva_app;

    -- From which lots a debit was taken, and what was paid for those minutes: the recognized revenue.
    CREATE TABLE wallet_lot_allocations (
      wallet_transaction_id uuid NOT NULL REFERENCES wallet_transactions ON DELETE RESTRICT,
      wallet_lot_id uuid NOT NULL REFERENCES wallet_lots ON DELETE RESTRICT,
      minutes minutes NOT NULL CHECK (minutes > 0),
      amount_kopecks bigint NOT NULL CHECK (amount_kopecks >= 0),
      PRIMARY KEY (wallet_transaction_id, wallet_lot_id)
    );
    CREATE INDEX wallet_lot_allocations_lot ON wallet_lot_allocations (wallet_lot_id);
    GRANT SELECT, INSERT ON wallet_lot_allocations TO ailingva_app;
    CREATE TRIGGER wallet_lot_allocations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_lot_allocations
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE wallet_lot_allocations ENABLE ALWAYS TRIGGER wallet_lot_allocations_append_only;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE wallet_lot_allocations, wallet_lots, wallet_transactions');
}
