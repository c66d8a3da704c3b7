import type { Knex } from 'knex';

/**
 * Roubles that were given back, each time that they were: asked for here or in the provider's own office, or taken by the
 * payer's bank. `payments` has their sums, `payment_refunds` what staff asked for.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE payment_returns (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      payment_id uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
      kind text NOT NULL CHECK (kind IN ('refund', 'chargeback')),
      amount_kopecks bigint NOT NULL CHECK (amount_kopecks > 0),
      -- The reversal that took the minutes; NULL where there were none to take: they are owed, or were never given.
      wallet_transaction_id uuid UNIQUE REFERENCES wallet_transactions ON DELETE RESTRICT,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX payment_returns_payment ON payment_returns (payment_id);
    GRANT SELECT, INSERT ON payment_returns TO ailingva_app;
    CREATE TRIGGER payment_returns_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_returns
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE payment_returns ENABLE ALWAYS TRIGGER payment_returns_append_only;

    -- When exactly, nobody wrote down.
    INSERT INTO payment_returns (payment_id, kind, amount_kopecks, created_at)
    SELECT id, 'refund', refunded_kopecks, coalesce(closed_at, now()) FROM payments WHERE refunded_kopecks > 0
    UNION ALL
    SELECT id, 'chargeback', charged_back_kopecks, coalesce(closed_at, now()) FROM payments WHERE charged_back_kopecks > 0;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE payment_returns');
}
