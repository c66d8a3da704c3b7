import type { Knex } from 'knex';

/** Deposits on their way, what was given back of them, and the books of the provider that is for development alone. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE payments (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      user_account_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      status text NOT NULL DEFAULT 'created',
      -- What was asked for.
      amount_kopecks bigint NOT NULL CHECK (amount_kopecks > 0),
      currency text NOT NULL DEFAULT 'RUB' CHECK (currency ~ '^[A-Z]{3}$'),
      provider text NOT NULL CHECK (provider ~ '^[a-z][a-z0-9-]{0,31}$'),
      provider_payment_id text CHECK (length(provider_payment_id) BETWEEN 1 AND 200),
      confirmation_url text,
      idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 128),
      -- The rate and all packages as they stood when it was made: what is captured is priced by these.
      tariff_snapshot jsonb NOT NULL,
      -- The package that was promised; NULL: the base rate.
      package_snapshot jsonb,
      quoted_minutes minutes NOT NULL CHECK (quoted_minutes > 0),
      -- What the provider says it took: in hundredths of the currency.
      captured_kopecks bigint CHECK (captured_kopecks > 0),
      captured_currency text,
      credited_minutes minutes CHECK (credited_minutes > 0),
      wallet_transaction_id uuid UNIQUE REFERENCES wallet_transactions ON DELETE RESTRICT,
      -- Given back by the provider, and taken back by the payer's bank.
      refunded_kopecks bigint NOT NULL DEFAULT 0 CHECK (refunded_kopecks >= 0),
      charged_back_kopecks bigint NOT NULL DEFAULT 0 CHECK (charged_back_kopecks >= 0),
      -- Of the credited minutes: taken back, or owed.
      reversed_minutes minutes NOT NULL DEFAULT 0,
      -- The code of what went wrong.
      reason text,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      paid_at timestamptz,
      closed_at timestamptz,
      -- When the provider was last asked, and when it should be asked again, told or not; NULL: no more.
      checked_at timestamptz,
      next_check_at timestamptz DEFAULT clock_timestamp() + interval '15 seconds',
      CONSTRAINT payments_idempotency_key UNIQUE (user_account_id, idempotency_key),
      CONSTRAINT payments_provider_payment UNIQUE (provider, provider_payment_id),
      CONSTRAINT payments_status CHECK (
        CASE
          WHEN status IN ('created', 'pending', 'canceled', 'expired', 'failed')
            THEN wallet_transaction_id IS NULL AND captured_kopecks IS NULL
          WHEN status IN ('succeeded', 'partially_refunded')
            THEN wallet_transaction_id IS NOT NULL AND captured_kopecks IS NOT NULL
          WHEN status = 'refunded' THEN captured_kopecks IS NOT NULL
          WHEN status = 'mismatch' THEN wallet_transaction_id IS NULL
          ELSE false
        END
      ),
      CONSTRAINT payments_credited CHECK (
        (wallet_transaction_id IS NULL) = (credited_minutes IS NULL)
        AND 0 <= reversed_minutes AND reversed_minutes <= coalesce(credited_minutes, 0)
      )
    );
    CREATE INDEX payments_user ON payments (user_account_id, id DESC);
    CREATE INDEX payments_due ON payments (next_check_at) WHERE next_check_at IS NOT NULL;
    -- For staff.
    CREATE INDEX payments_mismatch ON payments (id) WHERE status = 'mismatch';
    GRANT SELECT ON payments TO ailingva_app;
    GRANT INSERT (user_account_id, amount_kopecks, provider, idempotency_key, tariff_snapshot, package_snapshot,
      quoted_minutes) ON payments TO ailingva_app;
    GRANT UPDATE (status, provider_payment_id, confirmation_url, captured_kopecks, captured_currency, credited_minutes,
      wallet_transaction_id, refunded_kopecks, charged_back_kopecks, reversed_minutes, reason, paid_at, closed_at,
      checked_at, next_check_at) ON payments TO ailingva_app;

    CREATE TABLE payment_refunds (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      payment_id uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
      kind text NOT NULL CHECK (kind IN ('refund', 'chargeback')),
      -- created: the provider was perhaps asked. pending: it is at it.
      status text NOT NULL DEFAULT 'created' CHECK (status IN ('created', 'pending', 'succeeded', 'failed')),
      amount_kopecks bigint NOT NULL CHECK (amount_kopecks > 0),
      provider_refund_id text CHECK (length(provider_refund_id) BETWEEN 1 AND 200),
      idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 128),
      actor_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      CONSTRAINT payment_refunds_idempotency_key UNIQUE (payment_id, idempotency_key),
      CONSTRAINT payment_refunds_provider UNIQUE (provider_refund_id)
    );
    GRANT SELECT, INSERT ON payment_refunds TO ailingva_app;
    GRANT UPDATE (status, provider_refund_id) ON payment_refunds TO ailingva_app;

    -- The provider that moves no money. Its ids are in addresses, so they are not to be guessed.
    CREATE TABLE sandbox_payments (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      idempotence_key text NOT NULL UNIQUE,
      reference text NOT NULL,
      status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'canceled')),
      amount_kopecks bigint NOT NULL CHECK (amount_kopecks > 0),
      description text NOT NULL,
      return_url text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE sandbox_refunds (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      idempotence_key text NOT NULL UNIQUE,
      sandbox_payment_id uuid NOT NULL REFERENCES sandbox_payments ON DELETE CASCADE,
      amount_kopecks bigint NOT NULL CHECK (amount_kopecks > 0)
    );
    CREATE INDEX sandbox_refunds_payment ON sandbox_refunds (sandbox_payment_id);
    GRANT SELECT, INSERT ON sandbox_payments, sandbox_refunds TO ailingva_app;
    GRANT UPDATE (status) ON sandbox_payments TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE sandbox_refunds, sandbox_payments, payment_refunds, payments');
}
