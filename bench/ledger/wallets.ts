import type { Knex } from 'knex';

/** Rows that the benchmark begins with, written by the server itself: tens of thousands in a second. */

/** Minutes that each wallet was given: more than is spent. */
const GIVEN = 1_000_000;
/** What each call holds, talks and is charged. */
const HELD = 2;
const TALKED_MS = 95_000;

/** So many learners, each with one free lot. Returns their ids. */
export async function insertWallets(knex: Knex, count: number): Promise<string[]> {
  await knex.raw(
    `WITH accounts AS (
       INSERT INTO user_accounts (email, password_hash)
       SELECT 'wallet-' || n || '-' || gen_random_uuid() || '@example.com', 'none' FROM generate_series(1, ?::integer) n
       RETURNING id
     )
     INSERT INTO user_profiles (user_account_id, minutes_balance, ledger_sequence)
     SELECT id, ?, 1 FROM accounts`,
    [count, GIVEN],
  );
  await knex.raw(
    `WITH given AS (
       INSERT INTO wallet_transactions (user_account_id, sequence, type, minutes_delta, balance_after, idempotency_key)
       SELECT user_account_id, 1, 'gift', minutes_balance, minutes_balance, 'gift:' || user_account_id FROM user_profiles
       RETURNING id, user_account_id, minutes_delta
     )
     INSERT INTO wallet_lots (user_account_id, wallet_transaction_id, kind, minutes, remaining, price_kopecks)
     SELECT user_account_id, id, 'free', minutes_delta, minutes_delta, 0 FROM given`,
  );
  return knex('user_profiles').orderBy('user_account_id').pluck<string[]>('user_account_id');
}

/** So many calls that have ended and wait for their charge, dealt out to the wallets in turn. Returns their ids. */
export async function insertEndedCalls(knex: Knex, walletIds: readonly string[], count: number): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { id: string }[] }>(
    `INSERT INTO calls (user_account_id, node_id, language, level, status, live_at, ended_at, end_reason, talked_ms)
     SELECT (?::uuid[])[1 + n % ?], 'bench', 'en', 'beginner', 'ended', now(), now(), 'hang_up', ?
     FROM generate_series(0, ?::integer - 1) n
     RETURNING id`,
    [[...walletIds], walletIds.length, TALKED_MS, count],
  );
  await knex.raw(
    `WITH holds AS (
       INSERT INTO call_holds (call_id, user_account_id, minutes, tariff_snapshot)
       SELECT id, user_account_id, ?, '{"rate_kopecks_per_minute": 500}' FROM calls WHERE status = 'ended'
       RETURNING user_account_id, minutes
     )
     UPDATE user_profiles p SET minutes_held = minutes_held + h.minutes
     FROM (SELECT user_account_id, sum(minutes) AS minutes FROM holds GROUP BY user_account_id) h
     WHERE p.user_account_id = h.user_account_id`,
    [HELD],
  );
  await knex.raw('ANALYZE');
  return rows.map(({ id }) => id);
}
