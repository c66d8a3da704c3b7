import type { Knex } from 'knex';

/** Who invited whom, by which code, what it earned; and which people have had an account. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One person's addresses: without +tags, with the spellings that the great mail services deliver to one mailbox
    -- (dots at Google, dots for hyphens and other domains at Yandex). A hash, so that it may outlive the account.
    CREATE FUNCTION person_hash(email text) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (
      SELECT encode(sha256(convert_to('ailingva person '
        || CASE domain WHEN 'gmail.com' THEN replace(box, '.', '') WHEN 'yandex.ru' THEN replace(box, '.', '-') ELSE box END
        || '@' || domain, 'UTF8')), 'hex')
      FROM (
        SELECT coalesce(nullif(split_part(local, '+', 1), ''), local) AS box,
          CASE
            WHEN host IN ('gmail.com', 'googlemail.com') THEN 'gmail.com'
            WHEN host IN ('yandex.ru', 'ya.ru', 'yandex.com', 'yandex.by', 'yandex.kz', 'yandex.ua') THEN 'yandex.ru'
            ELSE host
          END AS domain
        FROM (SELECT split_part(lower(btrim(email)), '@', 1) AS local, split_part(lower(btrim(email)), '@', 2) AS host)
      )
    );

    -- Free minutes are given to a person once. A row stays when its account goes.
    CREATE TABLE known_persons (
      person_hash text PRIMARY KEY CHECK (person_hash ~ '^[0-9a-f]{64}$'),
      first_account_id uuid NOT NULL,
      known_since timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    GRANT SELECT, INSERT ON known_persons TO ailingva_app;
    INSERT INTO known_persons (person_hash, first_account_id, known_since)
    SELECT DISTINCT ON (person_hash(email)) person_hash(email), id, created_at
    FROM user_accounts ORDER BY person_hash(email), created_at, id;

    -- Letters and digits that are not mistaken for each other, and no words.
    CREATE TABLE referral_codes (
      user_account_id uuid PRIMARY KEY REFERENCES user_accounts ON DELETE RESTRICT,
      code text NOT NULL UNIQUE CHECK (code ~ '^[2-9A-HJKMNP-TV-Z]{8}$'),
      created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    GRANT SELECT, INSERT ON referral_codes TO ailingva_app;
    DO $$
    DECLARE
      account uuid;
    BEGIN
      FOR account IN SELECT id FROM user_accounts LOOP
        LOOP
          INSERT INTO referral_codes (user_account_id, code)
          SELECT account, string_agg(substr('23456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + floor(random() * 30)::integer, 1), '')
          FROM generate_series(1, 8)
          ON CONFLICT (code) DO NOTHING;
          EXIT WHEN FOUND;
        END LOOP;
      END LOOP;
    END $$;

    CREATE TABLE referrals (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      referrer_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      -- One inviter.
      referred_id uuid NOT NULL UNIQUE REFERENCES user_accounts ON DELETE RESTRICT,
      status text NOT NULL,
      -- For each side, as the setting stood when it was paid.
      minutes minutes CHECK (minutes >= 0),
      rewarded_at timestamptz,
      reward_transaction_id uuid UNIQUE REFERENCES wallet_transactions ON DELETE RESTRICT,
      welcome_transaction_id uuid UNIQUE REFERENCES wallet_transactions ON DELETE RESTRICT,
      -- Why the inviter got nothing while the invited person did.
      reward_withheld text CHECK (reward_withheld IN ('daily_cap', 'account_blocked')),
      -- Staff's words, or the code of the rule that blocked it at the registration.
      block_reason text CHECK (length(block_reason) BETWEEN 1 AND 500),
      blocked_by uuid REFERENCES user_accounts ON DELETE RESTRICT,
      blocked_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      CONSTRAINT referrals_not_oneself CHECK (referrer_id <> referred_id),
      CONSTRAINT referrals_status CHECK (
        CASE status
          WHEN 'pending' THEN rewarded_at IS NULL AND blocked_at IS NULL
          WHEN 'rewarded' THEN rewarded_at IS NOT NULL AND blocked_at IS NULL
          WHEN 'blocked' THEN blocked_at IS NOT NULL
          ELSE false
        END
      ),
      CONSTRAINT referrals_block CHECK (
        (blocked_at IS NULL) = (block_reason IS NULL) AND (blocked_by IS NULL OR blocked_at IS NOT NULL)
      ),
      CONSTRAINT referrals_reward CHECK (
        (rewarded_at IS NULL) = (minutes IS NULL)
        AND (rewarded_at IS NOT NULL
          OR (reward_transaction_id IS NULL AND welcome_transaction_id IS NULL AND reward_withheld IS NULL))
        AND (reward_transaction_id IS NULL OR reward_withheld IS NULL)
      )
    );
    CREATE INDEX referrals_by_referrer ON referrals (referrer_id, rewarded_at);
    CREATE INDEX referrals_by_status ON referrals (status, id DESC);
    GRANT SELECT ON referrals TO ailingva_app;
    GRANT INSERT (referrer_id, referred_id, status, block_reason, blocked_at) ON referrals TO ailingva_app;
    GRANT UPDATE (status, minutes, rewarded_at, reward_transaction_id, welcome_transaction_id, reward_withheld,
      block_reason, blocked_by, blocked_at) ON referrals TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE referrals, referral_codes, known_persons;
    DROP FUNCTION person_hash(text);
  `);
}
