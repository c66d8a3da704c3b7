import { connectDatabase } from '../platform/database.ts';

export interface FiguresStock {
  /** Of the owner: rows of months past are written as they would have been, with triggers off. */
  readonly url: string;
  readonly days: number;
  readonly learners: number;
  /** On a common day; more in the evening, and more as time goes on. */
  readonly sessionsPerDay: number;
  /** Five without it. */
  readonly turnsPerSession?: number;
  /** One session in so many has turns; all without it. */
  readonly turnsEvery?: number;
}

/**
 * Months of a product that is used: learners who call, pay and are given minutes, in conversations by three engines, until
 * now. Whoever wants figures has them counted anew.
 */
export async function stockFigures(stock: FiguresStock): Promise<void> {
  const { url, days, learners, sessionsPerDay, turnsPerSession = 5, turnsEvery = 1 } = stock;
  const owner = connectDatabase({ url, poolSize: 1, applicationName: 'figures stock', role: null });
  const { knex } = owner;
  try {
    await knex.raw('SET session_replication_role = replica');
    await knex.raw('SELECT setseed(0.42)');
    await knex.raw(
      `INSERT INTO user_accounts (email, password_hash)
       SELECT 'learner-' || n || '@example.com', 'none' FROM generate_series(1, ?::integer) n`,
      [learners],
    );
    await knex.raw(
      `INSERT INTO user_profiles (user_account_id) SELECT id FROM user_accounts WHERE email LIKE 'learner-%@example.com'`,
    );
    await knex.raw(
      `CREATE TEMP TABLE stock AS
       WITH accounts AS (
         SELECT array_agg(id ORDER BY email) AS ids, count(*) AS size FROM user_accounts WHERE email LIKE 'learner-%@example.com'
       ), drawn AS (
         SELECT n, random() AS who, random() AS chance, 1 + floor(-ln(1 - random() * 0.98) * 9)::integer AS minutes,
           -- Of the days, the later ones more often; of the day, its evening.
           now() - make_interval(days => floor(power(random(), 1.3) * :days)::integer)
             - make_interval(secs => 3600 * 24 * power(random(), 1.6)) AS at,
           (ARRAY['local', 'openai', 'openai', 'yandex', 'openai+yandex'])[1 + floor(random() * 5)::integer] AS engine
         FROM generate_series(1, :sessions) n
       )
       SELECT n, accounts.ids[1 + floor(who * who * accounts.size)::integer] AS user_id, uuidv7(at - now()) AS call_id,
         uuidv7(at - now()) AS debit_id, at, minutes, engine, chance < 0.3 AS free,
         CASE WHEN who < 0.6 THEN 'en' ELSE 'ru' END AS language
       FROM drawn, accounts ORDER BY at`,
      { days, sessions: days * sessionsPerDay },
    );
    await knex.raw(
      `INSERT INTO calls (id, user_account_id, status, node_id, language, level, engines, placed_at, live_at, talked_ms,
         ended_at, end_reason, finalized_at)
       SELECT call_id, user_id, 'finalized', 'media-0', language, 'beginner',
         jsonb_build_object('used', jsonb_build_object('tutor', string_to_array(engine, '+')), 'changes', '[]'::jsonb),
         at - make_interval(mins => minutes), at - make_interval(mins => minutes), minutes * 60000 - 17000, at,
         CASE WHEN n % 19 = 0 THEN 'no_minutes' WHEN n % 97 = 0 THEN 'engine_failed' ELSE 'hang_up' END, at
       FROM stock`,
    );
    await knex.raw(
      `INSERT INTO wallet_transactions (id, user_account_id, sequence, type, minutes_delta, balance_after,
         idempotency_key, created_at)
       SELECT debit_id, user_id, 1000 + n, 'usage', -minutes, 0, 'stock-usage:' || n, at FROM stock`,
    );
    await knex.raw(
      `INSERT INTO usage_sessions (user_account_id, call_id, wallet_transaction_id, duration_sec, billed_minutes,
         billed_amount_rub, tariff_snapshot, created_at, language, engine, free_minutes, recognized_kopecks)
       SELECT user_id, call_id, debit_id, minutes * 60 - 17, minutes, minutes * 5, '{"rate_kopecks_per_minute": 500}', at,
         language, engine, CASE WHEN free THEN minutes ELSE 0 END, CASE WHEN free THEN 0 ELSE minutes * 450 END
       FROM stock`,
    );
    await knex.raw(
      `WITH credited AS (
         INSERT INTO wallet_transactions (user_account_id, sequence, type, minutes_delta, balance_after,
           idempotency_key, created_at)
         SELECT user_id, 10000000 + n, CASE WHEN n % 4 = 0 THEN 'gift' ELSE 'deposit' END, 60 * (1 + n % 4), 60,
           'stock-credit:' || n, at FROM stock WHERE n % 6 = 0
         RETURNING id, user_account_id, type, minutes_delta
       )
       INSERT INTO wallet_lots (user_account_id, wallet_transaction_id, kind, minutes, remaining, price_kopecks)
       SELECT user_account_id, id, CASE type WHEN 'gift' THEN 'free' ELSE 'paid' END, minutes_delta, minutes_delta,
         CASE type WHEN 'gift' THEN 0 ELSE minutes_delta * 450 END
       FROM credited`,
    );
    await knex.raw(
      `INSERT INTO call_turns (call_id, ordinal, speaker, text, heard_text, interrupted, engines, started_at_ms,
         duration_ms, stages, usage_lines, created_at)
       SELECT call_id, turn, 'tutor', 'Very good. Now order something to drink.', 'Very good.', turn = 5,
         jsonb_build_object('tutor', split_part(engine, '+', 1), 'tts', split_part(engine || '+' || engine, '+', 2)), turn * 8000, 3000,
         jsonb_strip_nulls(jsonb_build_object('endpoint', round((slow * 0.35)::numeric), 'final_transcript', round((slow * 0.5)::numeric),
           'first_token', round((slow * 0.8)::numeric), 'first_audio', round((slow * 1.1)::numeric), 'reply', round((slow * 1.2)::numeric),
           'stop', CASE WHEN turn = 5 THEN round((60 + slow * 0.05)::numeric) END)),
         jsonb_build_array(jsonb_build_object('kind', 'tutor', 'engine', split_part(engine, '+', 1), 'input_tokens', 420,
           'output_tokens', 35, 'cost_micro_rub', CASE engine WHEN 'local' THEN 0 ELSE 21000 END)), at
       FROM stock, generate_series(6 - :turns::integer, 5) turn,
         LATERAL (SELECT (CASE split_part(engine, '+', 1) WHEN 'local' THEN 420 WHEN 'openai' THEN 640 ELSE 540 END)
           * (0.7 + 0.5 * -ln(1 - random() * 0.99) + 0 * n) AS slow) speed
       WHERE n % :every = 0`,
      { turns: turnsPerSession, every: turnsEvery },
    );
    // As autovacuum would, in a house that has stood for months.
    await knex.raw('VACUUM ANALYZE');
  } finally {
    await owner.close();
  }
}
