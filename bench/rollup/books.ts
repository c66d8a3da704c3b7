import type { Knex } from 'knex';

/** A year of sessions, written by the server itself. */

export const FIRST_DAY = '2025-01-01';
export const LAST_DAY = '2025-12-31';
/** Sessions in one transaction: each is one step of the cursor. */
const AT_ONCE = 50_000;
const DEPOSITS_PER_SESSION = 0.02;

/** So many accounts, of which each calls. */
export async function insertAccounts(knex: Knex, count: number): Promise<void> {
  await knex.raw(
    `INSERT INTO user_accounts (email, password_hash)
     SELECT 'caller-' || n || '@example.com', 'none' FROM generate_series(1, ?::integer) n`,
    [count],
  );
}

/**
 * So many sessions of a year, in the order of time but for one in a hundred, which comes late, with deposits between
 * them. Needs a connection whose triggers are off: what a session was is written with it, as the trigger would do,
 * and there are no calls behind them, at which the figures do not look.
 */
export async function insertYear(knex: Knex, sessions: number): Promise<void> {
  for (let from = 0; from < sessions; from += AT_ONCE) {
    const until = Math.min(sessions, from + AT_ONCE);
    await knex.transaction(async (transaction) => {
      await transaction.raw(
        `WITH accounts AS (SELECT array_agg(id ORDER BY id) AS ids, count(*) AS n FROM user_accounts),
           drawn AS (
             SELECT n, 1 + (random() * 30)::integer AS minutes, random() AS chance,
               (ARRAY['local', 'openai', 'openai+yandex'])[1 + floor(random() * 3)::integer] AS engine
             FROM generate_series(:from::bigint, :until::bigint - 1) n
           )
         INSERT INTO usage_sessions (user_account_id, call_id, wallet_transaction_id, duration_sec, billed_minutes,
           billed_amount_rub, tariff_snapshot, created_at, language, engine, free_minutes, recognized_kopecks)
         SELECT ids[1 + floor(random() * accounts.n)::integer], uuidv7(), uuidv7(), minutes * 60 - 17, minutes, minutes * 5,
           '{"rate_kopecks_per_minute": 500}',
           timestamptz '2024-12-31 21:00Z' + interval '365 days' * (
             CASE WHEN chance < 0.01 THEN random() ELSE drawn.n::float8 / :sessions::float8 END),
           CASE WHEN random() < 0.7 THEN 'en' ELSE 'ru' END, engine,
           CASE WHEN chance < 0.3 THEN minutes ELSE 0 END, CASE WHEN chance < 0.3 THEN 0 ELSE minutes * 450 END
         FROM drawn, accounts`,
        { from, until, sessions },
      );
      await transaction.raw(
        `WITH deposited AS (
           INSERT INTO wallet_transactions
             (user_account_id, sequence, type, minutes_delta, balance_after, idempotency_key, created_at)
           SELECT (SELECT id FROM user_accounts ORDER BY id LIMIT 1), n + 1, 'deposit', 60, 60, 'deposit:' || n,
             timestamptz '2024-12-31 21:00Z' + interval '365 days' * (n::float8 / :deposits::float8)
           FROM generate_series(:from::bigint, :until::bigint - 1) n
           RETURNING id, user_account_id
         )
         INSERT INTO wallet_lots (user_account_id, wallet_transaction_id, kind, minutes, remaining, price_kopecks)
         SELECT user_account_id, id, 'paid', 60, 60, 30000 FROM deposited`,
        {
          from: Math.round(from * DEPOSITS_PER_SESSION),
          until: Math.round(until * DEPOSITS_PER_SESSION),
          deposits: Math.round(sessions * DEPOSITS_PER_SESSION),
        },
      );
    });
  }
}
