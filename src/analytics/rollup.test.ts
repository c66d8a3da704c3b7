import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { createSilentLogger } from '../platform/log.ts';
import { timeZoneSetting } from '../platform/time-zone.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import {
  catchUp,
  insertLedgerRow,
  insertLot,
  insertPayer,
  insertSession,
  insertTurn,
  type Payer,
} from '../testing/stored-usage.ts';
import { createAnalytics, type Analytics } from './index.ts';

const TABLES = [
  'revenue_quarterly',
  'revenue_hourly',
  'revenue_daily',
  'callers_quarterly',
  'callers_hourly',
  'callers_daily',
  'credits_quarterly',
  'credits_hourly',
  'credits_daily',
  'latency_daily',
  'engine_costs_daily',
];

async function setUp(t: TestContext): Promise<{ knex: Knex; analytics: Analytics; payers: Payer[] }> {
  const { knex } = await createTestDatabase(t);
  const payers: Payer[] = [];
  for (let n = 0; n < 6; n += 1) payers.push(await insertPayer(knex));
  return { knex, analytics: createAnalytics({ knex, log: createSilentLogger() }), payers };
}

/** All figures there are, one digest a table. */
async function digest(knex: Knex): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const table of TABLES) {
    const { rows } = await knex.raw<{ rows: { digest: string }[] }>(
      `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) AS digest FROM ${table} t`,
    );
    digests[table] = rows[0]?.digest ?? '';
  }
  return digests;
}

/** Hours whose figures are not what the books themselves add up to, without the columns that rows were described by. */
async function differences(knex: Knex): Promise<unknown[]> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(`
    WITH books AS (
      SELECT date_trunc('hour', u.created_at, 'UTC') AS period, c.engines #>> '{used,stt,0}' AS engine, c.language,
        u.billed_minutes, u.duration_sec, u.billed_amount_rub::numeric * 100 AS list, u.user_account_id,
        (SELECT sum(amount_kopecks) FROM wallet_lot_allocations a
         WHERE a.wallet_transaction_id = u.wallet_transaction_id) AS recognized,
        (SELECT coalesce(sum(a.minutes), 0) FROM wallet_lot_allocations a JOIN wallet_lots l ON l.id = a.wallet_lot_id
         WHERE a.wallet_transaction_id = u.wallet_transaction_id AND l.kind = 'free') AS free
      FROM usage_sessions u JOIN calls c ON c.id = u.call_id
    ), expected AS (
      SELECT period, coalesce(engine, '*') AS engine, coalesce(language, '*') AS language, count(*) AS sessions,
        sum(billed_minutes) AS billed, sum(duration_sec) AS talked, sum(list)::bigint AS list,
        sum(recognized)::bigint AS recognized, (sum(free) * 100)::bigint AS free,
        CASE WHEN engine IS NULL THEN count(DISTINCT user_account_id) END AS callers
      FROM books GROUP BY GROUPING SETS ((period, engine, language), (period))
    ), found AS (
      SELECT r.period, r.engine, r.language, sessions, billed_minutes, talked_sec, list_kopecks, recognized_kopecks,
        free_hundredths, callers
      FROM revenue_hourly r
    ), sets AS (
      SELECT period::text, sum(bit_count(members)) AS callers FROM callers_hourly GROUP BY 1
      UNION ALL
      SELECT period::text, sum(bit_count(members)) FROM callers_daily WHERE engine = '*' AND language = '*' GROUP BY 1
    ), counts AS (
      SELECT period::text, callers FROM revenue_hourly WHERE engine = '*'
      UNION ALL
      SELECT period::text, callers FROM revenue_daily WHERE engine = '*'
    )
    (SELECT 'missing', * FROM (SELECT * FROM expected EXCEPT SELECT * FROM found) a)
    UNION ALL
    (SELECT 'wrong', * FROM (SELECT * FROM found EXCEPT SELECT * FROM expected) b)
    UNION ALL
    (SELECT 'callers', period::timestamptz, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, callers FROM (
       (SELECT * FROM sets EXCEPT ALL SELECT * FROM counts) UNION ALL (SELECT * FROM counts EXCEPT ALL SELECT * FROM sets)
     ) c)`);
  return rows;
}

/** Numbers from 0 to below `bound`, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** A session, a deposit or a turn of some hour in three days around a change of the clock. */
async function writeSomething(knex: Knex, payers: readonly Payer[], random: (bound: number) => number): Promise<void> {
  const at = new Date(Date.UTC(2025, 9, 25) + random(3 * 86_400) * 1000);
  const payer = payers[random(payers.length)];
  assert.ok(payer);
  const { userId } = payer;
  if (random(8) === 0) {
    const type = ['deposit', 'gift', 'referral_reward'][random(3)] ?? 'gift';
    const credit = await insertLedgerRow(knex, { userId, type, minutes: 10, at });
    await insertLot(knex, { userId, credit, minutes: 10, priceKopecks: type === 'deposit' ? 5000 : 0 });
    return;
  }
  const minutes = 1 + random(20);
  const callId = await insertSession(knex, {
    payer,
    at,
    minutes,
    talkedSec: minutes * 60 - random(60),
    freeMinutes: random(minutes + 1),
    engine: ['local', 'yandex', 'openai'][random(3)] ?? 'local',
    language: random(2) === 0 ? 'en' : 'ru',
  });
  const turn = { callId, ordinal: 0, at, usageLines: [{ kind: 'tts', engine: 'local', cost_micro_rub: random(1000) }] };
  await insertTurn(knex, { ...turn, stages: { reply: random(3000) / 10 } });
  // Turns are written anew when they end.
  if (random(2) === 0) await insertTurn(knex, { ...turn, stages: { reply: random(3000) / 10, stop: random(500) } });
}

describe('roll-up', () => {
  it('loses and doubles nothing, whichever transactions are open, late or undone', async (t) => {
    const { knex, analytics, payers } = await setUp(t);
    const random = randomNumbers(7);
    const open: Knex.Transaction[] = [];
    for (let step = 0; step < 160; step += 1) {
      const choice = random(10);
      const transaction = open[random(Math.max(1, open.length))];
      if (choice === 0 && open.length < 5) open.push(await knex.transaction());
      else if (choice <= 4 && transaction) await writeSomething(transaction, payers, random);
      else if (choice <= 6) await writeSomething(knex, payers, random);
      else if (choice === 7 && transaction) {
        open.splice(open.indexOf(transaction), 1);
        await (random(4) === 0 ? transaction.rollback() : transaction.commit());
      } else await analytics.rollUp();
    }
    for (const transaction of open) await transaction.commit();
    await catchUp(analytics);

    assert.deepEqual(await differences(knex), []);
    const added = await digest(knex);
    const { sessions } = await analytics.rebuild();
    const sessionsThen = sessions + (await catchUp(analytics));
    assert.equal(sessionsThen, Number((await knex('usage_sessions').count('* as n'))[0]?.['n']));
    assert.deepEqual(await digest(knex), added);
  });

  it('counts right while many write and several roll up at a time', async (t) => {
    const { knex, analytics, payers } = await setUp(t);
    const writers = [1, 2, 3, 4, 5].map(async (seed) => {
      const random = randomNumbers(seed);
      for (let n = 0; n < 12; n += 1) {
        await knex.transaction(async (transaction) => {
          for (let rows = random(3); rows >= 0; rows -= 1) await writeSomething(transaction, payers, random);
        });
      }
    });
    const state = { writing: true };
    const rollers = [1, 2].map(async (each) => {
      while (state.writing) await (each === 2 ? analytics.rebuild() : analytics.rollUp());
    });
    await Promise.all(writers).finally(() => (state.writing = false));
    await Promise.all(rollers);
    await catchUp(analytics);

    assert.deepEqual(await differences(knex), []);
    const added = await digest(knex);
    await analytics.rebuild();
    await catchUp(analytics);
    assert.deepEqual(await digest(knex), added);
  });

  it('waits for an open transaction, and tells how far behind it is', async (t) => {
    const { knex, analytics, payers } = await setUp(t);
    const [payer] = payers;
    assert.ok(payer);
    await analytics.rollUp();
    const slow = await knex.transaction();
    await insertSession(slow, { payer, at: '2025-12-01T10:00:00Z', minutes: 5 });
    await insertSession(knex, { payer, at: new Date(Date.now() - 90_000), minutes: 7 });
    assert.equal((await analytics.rollUp()).sessions, 0);
    const { seconds, rows } = await analytics.lag();
    assert.equal(rows, 1);
    assert.ok(seconds >= 90, `${seconds}`);
    await slow.commit();
    assert.equal(await catchUp(analytics), 2);
    assert.equal(await catchUp(analytics), 0);
  });

  it('counts the days anew when the house moves to another time zone', async (t) => {
    const { knex, payers } = await setUp(t);
    let timeZone = 'Europe/Moscow';
    const analytics = createAnalytics({ knex, log: createSilentLogger(), readTimeZone: async () => timeZone });
    const [payer] = payers;
    assert.ok(payer);
    await insertSession(knex, { payer, at: '2025-12-01T21:30:00Z', minutes: 5 });
    const days = async (): Promise<string[]> =>
      knex('revenue_daily').where('engine', '*').orderBy('period').pluck<string[]>('period');
    await catchUp(analytics);
    assert.deepEqual(await days(), ['2025-12-02']);
    timeZone = 'America/New_York';
    assert.equal((await analytics.rollUp()).rebuilt, true);
    await catchUp(analytics);
    assert.deepEqual(await days(), ['2025-12-01']);
    // PostgreSQL would take the first for three hours west, the second for Israel, where `Intl` has India, the third without summer.
    for (const name of ['+03:00', 'IST', 'CET'])
      assert.equal(timeZoneSetting.schema.safeParse(name).success, false, name);
    for (const name of ['UTC', 'Japan', 'Asia/Kolkata']) {
      assert.equal(timeZoneSetting.schema.safeParse(name).success, true, name);
      await knex.raw('SELECT now() AT TIME ZONE ?', [name]);
    }
  });

  it('reads the rows while quarters are behind, and counts anew then', async (t) => {
    const { knex, analytics, payers } = await setUp(t);
    const [payer] = payers;
    assert.ok(payer);
    await insertSession(knex, { payer, at: '2025-12-01T18:20:00Z', minutes: 5 });
    await insertSession(knex, { payer, at: '2025-12-01T18:40:00Z', minutes: 7 });
    await insertLedgerRow(knex, { userId: payer.userId, type: 'gift', minutes: 3, at: '2025-12-01T18:40:00Z' });
    await catchUp(analytics);
    const before = await digest(knex);
    const days = async () => {
      const asked = {
        fromDate: '2025-12-01',
        toDate: '2025-12-02',
        grouping: 'day',
        timeZone: 'Asia/Kolkata',
      } as const;
      const { buckets } = await analytics.revenue(asked);
      return buckets.map(({ figures }) => [figures.billedMinutes, figures.callers, figures.gifts.hundredths]);
    };
    const known = [
      [5, 1, 0],
      [7, 1, 300],
    ];
    assert.deepEqual(await days(), known);
    // As a process of before leaves them, that knows of no quarters.
    for (const figures of ['revenue', 'callers', 'credits']) await knex(`${figures}_quarterly`).delete();
    await knex('analytics_cursor').update({ quarters_last: '0' });
    assert.deepEqual(await days(), known);
    assert.equal((await analytics.rollUp()).rebuilt, true);
    await catchUp(analytics);
    assert.deepEqual(await digest(knex), before);
    assert.equal((await analytics.rollUp()).rebuilt, false);
  });

  it('leaves the figures alone in a database that was copied from another server', async (t) => {
    const { knex, analytics, payers } = await setUp(t);
    const [payer] = payers;
    assert.ok(payer);
    await insertSession(knex, { payer, at: '2025-12-01T18:20:00Z', minutes: 5 });
    await catchUp(analytics);
    const before = await digest(knex);
    await knex('analytics_cursor').update({ last: '900000000000', quarters_last: '900000000000' });
    const elsewhere = createAnalytics({ knex, log: createSilentLogger(), readTimeZone: async () => 'Asia/Tokyo' });
    for (const counting of [() => analytics.rollUp(), () => elsewhere.rollUp(), () => analytics.rebuild()]) {
      await assert.rejects(counting(), { code: 'rollup_cursor_ahead' });
    }
    assert.deepEqual(await digest(knex), before);
  });

  it('keeps what a session was, whatever becomes of its call', async (t) => {
    const { knex, analytics, payers } = await setUp(t);
    const [payer] = payers;
    assert.ok(payer);
    const callId = await insertSession(knex, { payer, at: '2025-12-01T10:00:00Z', minutes: 5, engine: 'yandex' });
    await insertSession(knex, { payer, at: '2025-12-01T10:00:00Z', minutes: 5, engine: null });
    await catchUp(analytics);
    const before = await digest(knex);
    await knex('calls').where('id', callId).update({ engines: '{"used": {"stt": ["openai"]}}' });
    await analytics.rebuild();
    await catchUp(analytics);
    assert.deepEqual(await digest(knex), before);
    const engines = await knex('revenue_hourly').where('engine', '<>', '*').orderBy('engine').pluck<string[]>('engine');
    assert.deepEqual(engines, ['unknown', 'yandex']);
  });
});
