import assert from 'node:assert/strict';
import { before, describe, it, after } from 'node:test';
import type { Knex } from 'knex';
import { createSilentLogger } from '../platform/log.ts';
import { serveApi, type Ask } from '../testing/api.ts';
import { handOutBadges, type Badges } from '../testing/staff.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import {
  allocate,
  catchUp,
  insertLedgerRow,
  insertLot,
  insertPayer,
  insertSession,
  insertTurn,
  type Payer,
} from '../testing/stored-usage.ts';
import { createAnalytics, type Analytics } from './index.ts';

const REVENUE = '/api/admin/analytics/revenue/minutes';
const LATENCY = '/api/admin/analytics/latency';

function minutesAsClosed(bucket: Readonly<Record<string, unknown>> = {}): unknown {
  return (bucket['as_closed'] as Record<string, unknown>)['total_minutes'];
}

interface Answer {
  readonly buckets: readonly Readonly<Record<string, unknown>>[];
  readonly totals: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

describe('the figures over HTTP', () => {
  const ends: (() => unknown)[] = [];
  const t = { after: (end: () => unknown) => void ends.push(end) };
  let knex: Knex;
  let analytics: Analytics;
  let ask: Ask;
  let badges: Badges;
  let token = '';
  let ann: Payer;
  let bob: Payer;

  before(async () => {
    ({ knex } = await createTestDatabase(t));
    analytics = createAnalytics({
      knex,
      log: createSilentLogger(),
      now: () => new Date('2025-12-10T09:30:00Z'),
    });
    badges = handOutBadges(knex);
    ask = await serveApi(t, { routes: analytics.routes, authenticator: badges.authenticator });
    ({ token } = await badges.hire('analyst'));
    [ann, bob] = [await insertPayer(knex), await insertPayer(knex)];
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  const read = async (query: string): Promise<Answer> => {
    const { status, body, text } = await ask('GET', `${REVENUE}?${query}`, { token });
    assert.equal(status, 200, text);
    return body as unknown as Answer;
  };
  const minutesOf = ({ buckets }: Answer): Record<string, unknown> =>
    Object.fromEntries(
      buckets
        .filter((bucket) => bucket['total_minutes'] !== 0)
        .map((bucket) => [bucket['period_start'], bucket['total_minutes']]),
    );
  const refusal = async (query: string): Promise<unknown> => {
    const { status, body } = await ask('GET', `${REVENUE}?${query}`, { token });
    return `${status} ${String(body['code'])}`;
  };

  it('has the fields of the product’s specification, and empty buckets with zeros', async () => {
    const at = (time: string): string => `2025-12-01T${time}+03:00`;
    await insertSession(knex, { payer: ann, at: at('00:00:00'), minutes: 100, freeMinutes: 40, paidKopecks: 24_000 });
    await insertSession(knex, { payer: ann, at: at('23:59:59'), minutes: 10, talkedSec: 541, engine: 'yandex' });
    await insertSession(knex, { payer: bob, at: at('12:00:00'), minutes: 10, language: 'ru', ratePerMinute: 600 });
    await catchUp(analytics);
    const answer = await read('from_date=2025-11-30&to_date=2025-12-02&group_by=day');
    assert.equal(answer['grouping'], 'day');
    assert.deepEqual(
      answer.buckets.map((bucket) => [
        bucket['period_start'],
        bucket['total_minutes'],
        bucket['total_revenue'],
        bucket['sessions_count'],
      ]),
      [
        ['2025-11-30T00:00:00', 0, 0, 0],
        ['2025-12-01T00:00:00', 120, 610, 3],
        ['2025-12-02T00:00:00', 0, 0, 0],
      ],
    );
    const { totals } = answer;
    assert.equal(totals['recognized_revenue'], 240 + 40 + 40);
    assert.deepEqual([totals['free_minutes'], totals['paid_minutes']], [40, 80]);
    assert.equal(totals['unique_callers'], 2);
    assert.equal(totals['talked_seconds'], 6000 + 541 + 600);
    assert.equal(totals['average_session_minutes'], 39.67);

    const hours = await read('from_date=2025-12-01&to_date=2025-12-01&group_by=hour');
    assert.equal(hours.buckets.length, 24);
    assert.deepEqual(minutesOf(hours), {
      '2025-12-01T00:00:00': 100,
      '2025-12-01T12:00:00': 10,
      '2025-12-01T23:00:00': 10,
    });
  });

  it('takes date-times with an exclusive end, and narrows to an engine or a language', async () => {
    const day = 'from_date=2025-12-01&to_date=2025-12-01';
    const from = 'from_date=2025-12-01T00:00:01&to_date=2025-12-01T23:59:59';
    assert.equal((await read(from)).totals['total_minutes'], 10);
    assert.equal((await read(`${from}.001`)).totals['total_minutes'], 20);
    assert.equal(
      (await read('from_date=2025-11-30T21:00:00Z&to_date=2025-12-01T00:00:01+03:00')).totals['total_minutes'],
      100,
    );
    assert.equal((await read('from_date=2025-12-01T05:00:00&to_date=2025-12-01T05:00:00')).buckets.length, 0);
    assert.equal((await read(`${day}&engine=yandex`)).totals['total_minutes'], 10);
    const russian = await read(`${day}&language=ru&group_by=hour`);
    assert.deepEqual([russian.totals['total_minutes'], russian.totals['unique_callers']], [10, 1]);
    // The parts are the whole, wherever the zone's days and hours are cut.
    for (const cut of ['', '&group_by=hour', '&time_zone=Asia/Kolkata', '&time_zone=Asia/Kathmandu&group_by=hour']) {
      const whole = await read(`${day}${cut}&breakdown=language`);
      const parts = whole['breakdown'] as Record<string, number>[];
      const minutes = parts.reduce((sum, part) => sum + (part['total_minutes'] ?? 0), 0);
      assert.ok(minutes > 0);
      assert.equal(minutes, whole.totals['total_minutes'], cut);
    }
    const { breakdown } = await read(`${day}&breakdown=engine`);
    assert.deepEqual(
      (breakdown as Record<string, unknown>[]).map(({ name, total_minutes: minutes, unique_callers: callers }) => [
        name,
        minutes,
        callers,
      ]),
      [
        ['local', 110, 2],
        ['yandex', 10, 1],
      ],
    );
  });

  it('refuses ranges that are none, each with its code', async () => {
    assert.equal(await refusal('from_date=2025-12-02&to_date=2025-12-01'), '400 range_reversed');
    assert.equal(await refusal('from_date=2024-01-01&to_date=2025-12-01&group_by=hour'), '400 range_too_long');
    const hours = 'to_date=2025-12-01&group_by=hour&time_zone=Europe/Berlin';
    assert.equal(await refusal(`from_date=2024-10-27&${hours}`), '400 range_too_long');
    assert.equal((await read(`from_date=2024-10-28&${hours}`)).buckets.length, 400 * 24);
    assert.equal(await refusal('from_date=2010-01-01&to_date=2025-12-01'), '400 range_too_long');
    assert.equal(await refusal('from_date=2025-12-01&to_date=2025-12-01&time_zone=Mars/Base'), '400 time_zone_unknown');
    assert.equal(await refusal('from_date=2025-12-01&to_date=2025-12-01&time_zone=%2B03:00'), '400 time_zone_unknown');
    assert.equal(await refusal('from_date=2025-02-30&to_date=2025-12-01'), '400 date_invalid');
    assert.equal(await refusal('from_date=yesterday'), '400 date_invalid');
    assert.equal(await refusal('group_by=week'), '400 request_invalid');
    assert.equal((await ask('GET', REVENUE)).status, 401);
    assert.equal((await ask('GET', REVENUE, { token: badges.tokenOf(ann.userId) })).status, 403);
    assert.equal((await ask('GET', LATENCY, { token: badges.tokenOf(ann.userId) })).status, 403);
  });

  it('gives days of 23 and 25 hours, and hours that are shown twice', async () => {
    // Berlin goes from 03:00 to 02:00 at 01:00 UTC on 26 October 2025, New York at 06:00 UTC on 2 November.
    for (const time of ['2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z', '2025-10-25T22:00:00Z', '2025-10-26T22:59:59Z'])
      await insertSession(knex, { payer: ann, at: time, minutes: 1 });
    // To summer time on 30 March and 9 March.
    for (const time of ['2025-03-29T23:00:00Z', '2025-03-30T21:59:59Z', '2025-03-09T05:00:00Z', '2025-03-10T03:59:59Z'])
      await insertSession(knex, { payer: ann, at: time, minutes: 2 });
    await insertSession(knex, { payer: bob, at: '2025-11-02T05:30:00Z', minutes: 4 });
    await insertSession(knex, { payer: bob, at: '2025-11-02T06:30:00Z', minutes: 5 });
    await catchUp(analytics);
    const of = (day: string, zone: string) => `from_date=${day}&to_date=${day}&time_zone=${zone}`;

    const berlin = await read(`${of('2025-10-26', 'Europe/Berlin')}&group_by=hour`);
    assert.equal(berlin.buckets.length, 25);
    assert.deepEqual(
      berlin.buckets
        .filter((b) => b['period_start'] === '2025-10-26T02:00:00')
        .map((b) => [b['starts_at'], b['total_minutes']]),
      [
        ['2025-10-26T00:00:00.000Z', 1],
        ['2025-10-26T01:00:00.000Z', 1],
      ],
    );
    assert.deepEqual(minutesOf(await read(of('2025-10-26', 'Europe/Berlin'))), { '2025-10-26T00:00:00': 4 });
    assert.equal((await read(`${of('2025-03-30', 'Europe/Berlin')}&group_by=hour`)).buckets.length, 23);
    assert.equal((await read(of('2025-03-30', 'Europe/Berlin'))).totals['total_minutes'], 4);
    const newYork = await read(`${of('2025-03-09', 'America/New_York')}&group_by=hour`);
    assert.deepEqual([newYork.buckets.length, newYork.totals['total_minutes']], [23, 4]);
    const twice = await read(`${of('2025-11-02', 'America/New_York')}&group_by=hour`);
    assert.deepEqual(
      twice.buckets.filter((b) => b['total_minutes'] !== 0).map((b) => [b['period_start'], b['total_minutes']]),
      [
        ['2025-11-02T01:00:00', 4],
        ['2025-11-02T01:00:00', 5],
      ],
    );
  });

  it('gives the same sums as the rows in every zone, also where hours are cut', async () => {
    // Half hours, three quarters, a change of the clock by half an hour, a change at midnight, and the date line.
    const zones = ['Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Havana', 'Pacific/Apia', 'UTC'];
    const house = 'Europe/Moscow';
    for (let n = 0; n < 60; n += 1) {
      const at = new Date(Date.UTC(2025, 9, 1) + n * 7_919_317 * 6);
      await insertSession(knex, { payer: n % 3 === 0 ? ann : bob, at, minutes: 1 + (n % 7) });
    }
    await catchUp(analytics);
    for (const zone of [...zones, house]) {
      for (const grouping of ['day', 'hour']) {
        const { rows } = await knex.raw<{ rows: { label: string; minutes: number; callers: number }[] }>(
          `SELECT to_char(date_trunc('${grouping}', created_at AT TIME ZONE :zone), 'YYYY-MM-DD"T"HH24:MI:SS') AS label,
             sum(billed_minutes)::integer AS minutes, count(DISTINCT user_account_id)::integer AS callers
           FROM usage_sessions WHERE (created_at AT TIME ZONE :zone)::date BETWEEN '2025-10-01' AND '2025-11-20'
           GROUP BY 1`,
          { zone },
        );
        const answer = await read(`from_date=2025-10-01&to_date=2025-11-20&group_by=${grouping}&time_zone=${zone}`);
        const found: Record<string, number> = {};
        for (const { period_start: start, total_minutes: minutes } of answer.buckets) {
          if (minutes !== 0) found[String(start)] = (found[String(start)] ?? 0) + Number(minutes);
        }
        assert.deepEqual(
          found,
          Object.fromEntries(rows.map(({ label, minutes }) => [label, minutes])),
          `${zone} by ${grouping}`,
        );
        assert.equal(answer.totals['unique_callers'], 2, zone);
        // Of an hour that is shown twice each has its own callers.
        const labels = answer.buckets.map((bucket) => bucket['period_start']);
        const twice = new Set(labels.filter((label, index) => labels[index + 1] === label));
        const callers = answer.buckets
          .filter((bucket) => bucket['unique_callers'] !== 0 && !twice.has(bucket['period_start']))
          .map((bucket) => [bucket['period_start'], bucket['unique_callers']]);
        assert.deepEqual(
          Object.fromEntries(callers),
          Object.fromEntries(rows.filter((row) => !twice.has(row.label)).map((row) => [row.label, row.callers])),
          `${zone} by ${grouping}`,
        );
      }
    }
    // Cells whose callers nobody has counted: their sets say the same.
    const query = 'from_date=2025-10-01&to_date=2025-10-31';
    const known = [await read(query), await read(`${query}&group_by=hour`)];
    for (const table of ['revenue_daily', 'revenue_hourly']) {
      await knex(table).where({ engine: '*', sessions: 1 }).update({ callers: null });
    }
    assert.deepEqual([await read(query), await read(`${query}&group_by=hour`)], known);
    await analytics.rebuild();
    await catchUp(analytics);
  });

  it('shows deposits, gifts and referrals, and what was taken back as negative', async () => {
    const at = '2025-09-10T10:10:00Z';
    const { userId } = ann;
    const deposit = await insertLedgerRow(knex, { userId, type: 'deposit', minutes: 60, at });
    const lot = await insertLot(knex, { userId, credit: deposit, minutes: 60, priceKopecks: 30_000 });
    const reversal = await insertLedgerRow(knex, { userId, type: 'reversal', minutes: -20.5, at, reverses: deposit });
    await allocate(knex, { debit: reversal, lot, minutes: 20.5, kopecks: 10_250 });
    await insertLedgerRow(knex, { userId, type: 'gift', minutes: 5, at });
    await insertLedgerRow(knex, { userId, type: 'referral_reward', minutes: 60, at });
    await insertLedgerRow(knex, { userId: bob.userId, type: 'referral_welcome', minutes: 60, at });
    const charge = await insertLedgerRow(knex, { userId, type: 'usage', minutes: -3, at: '2025-09-09T10:10:00Z' });
    await insertLedgerRow(knex, { userId, type: 'reversal', minutes: 3, at, reverses: charge });
    await catchUp(analytics);
    for (const zone of ['Europe/Moscow', 'Europe/Berlin', 'Asia/Kolkata']) {
      const { totals } = await read(`from_date=2025-09-10&to_date=2025-09-10&time_zone=${zone}`);
      const shown = ['deposits', 'gifts', 'referrals', 'reversals', 'returned_charges'].map((kind) => [
        totals[`${kind}_count`],
        totals[`${kind}_minutes`],
      ]);
      assert.deepEqual(
        shown,
        [
          [1, 60],
          [1, 5],
          [2, 120],
          [1, -20.5],
          [1, 3],
        ],
        zone,
      );
      assert.deepEqual([totals['deposits_amount'], totals['reversals_amount']], [300, -102.5]);
      assert.equal(totals['recognized_revenue'], 0);
    }
  });

  it('keeps a closed day’s figures beside the restated ones', async () => {
    assert.ok((await analytics.closeDays(new Date('2025-12-02T20:59:59Z'))) > 0);
    assert.equal(await analytics.closeDays(new Date('2025-12-02T20:59:59Z')), 0);
    await insertSession(knex, { payer: bob, at: '2025-12-01T15:00:00+03:00', minutes: 7 });
    await catchUp(analytics);
    const { buckets } = await read('from_date=2025-12-01&to_date=2025-12-02');
    const [closed, open] = buckets;
    assert.equal(closed?.['total_minutes'], 127);
    assert.equal(minutesAsClosed(closed), 120);
    assert.equal(open?.['as_closed'], null);
    const [some] = (await read('from_date=2025-12-01&to_date=2025-12-02&engine=local')).buckets;
    assert.deepEqual([some?.['total_minutes'], some?.['as_closed']], [117, null]);
    await analytics.rebuild();
    const again = await read('from_date=2025-12-01&to_date=2025-12-01');
    assert.equal(minutesAsClosed(again.buckets[0]), 120);
  });

  it('compares with the period before, and is written as CSV', async () => {
    const query = 'from_date=2025-12-02&to_date=2025-12-03&compare=previous';
    const { previous } = await read(query);
    assert.equal((previous as { totals: Record<string, unknown> }).totals['total_minutes'], 127);
    const { text, headers } = await ask('GET', `${REVENUE}?from_date=2025-12-01&to_date=2025-12-01`, {
      token,
      headers: { accept: 'text/csv' },
    });
    assert.match(headers.get('content-type') ?? '', /^text\/csv/);
    assert.match(text, /period_start,starts_at,total_minutes,total_revenue,sessions_count/);
    assert.match(text, /\r\n2025-12-01T00:00:00,2025-11-30T21:00:00\.000Z,127,/);
    assert.equal((await analytics.today()).totals.billedMinutes, 0);
  });

  it('tells latencies by stage, engine and day within their error, and what engines cost', async () => {
    const callId = await insertSession(knex, { payer: ann, at: '2025-12-05T10:00:00Z', minutes: 1 });
    const engines = { tutor: 'openai', tts: 'yandex' };
    const usageLines = [{ kind: 'tts', engine: 'yandex', characters: 40, cost_micro_rub: 12_000 }];
    for (let n = 1; n <= 100; n += 1) {
      const turn = { callId, ordinal: n, at: '2025-12-05T10:00:00Z', engines, usageLines };
      await insertTurn(knex, { ...turn, stages: { reply: 5 } });
      await insertTurn(knex, { ...turn, stages: { reply: n * 10 } });
      if (n % 30 === 0) await catchUp(analytics);
    }
    // What somebody wrote otherwise stops nobody's figures.
    const odd = { callId, ordinal: 999, at: '2025-12-05T10:00:00Z', engines: { tutor: '=1+1' } };
    await insertTurn(knex, {
      ...odd,
      stages: { reply: 'soon' } as never,
      usageLines: [{ engine: '=1+1', kind: 'tts' }],
    });
    await knex('call_turns').where({ ordinal: 999 }).update({ stages: '[]', usage_lines: '{}' });
    await catchUp(analytics);
    const { status, body, text } = await ask('GET', `${LATENCY}?from_date=2025-12-05&to_date=2025-12-05`, { token });
    assert.equal(status, 200, text);
    const days = body['days'] as Record<string, number | string>[];
    assert.equal(days.length, 1, text);
    const [row = {}] = days;
    assert.deepEqual(
      [row['day'], row['engine'], row['stage'], row['turns']],
      ['2025-12-05', 'openai+yandex', 'reply', 100],
    );
    for (const [name, exact] of Object.entries({ p50_ms: 500, p95_ms: 950, p99_ms: 990 })) {
      assert.ok(Math.abs(Number(row[name]) - exact) <= exact * 0.025, `${name} ${row[name]}`);
    }
    const csv = await ask('GET', `${LATENCY}?from_date=2025-12-05&to_date=2025-12-05&format=csv`, { token });
    assert.match(csv.text, /2025-12-05,openai\+yandex,reply,100,/);
    const costs = await ask('GET', '/api/admin/analytics/engines?from_date=2025-12-05&to_date=2025-12-05', { token });
    const [cost = {}] = costs.body['engines'] as Record<string, unknown>[];
    // A name that a spreadsheet would calculate with.
    await insertTurn(knex, {
      ...odd,
      stages: { reply: 10 },
      usageLines: [{ engine: '@x', kind: 'tts', characters: '7' }],
    });
    await catchUp(analytics);
    const dated = 'from_date=2025-12-05&to_date=2025-12-05&format=csv';
    assert.match((await ask('GET', `${LATENCY}?${dated}`, { token })).text, /\r\n2025-12-05,'=1\+1,reply,1,/);
    const costsCsv = (await ask('GET', `/api/admin/analytics/engines?${dated}`, { token })).text;
    assert.match(costsCsv, /\r\n'@x,tts,1,0,0,0,0,0,0\r\n/);
    const elsewhere = await ask('GET', `${LATENCY}?time_zone=Asia/Tokyo`, { token });
    assert.deepEqual([elsewhere.status, elsewhere.body['code']], [400, 'request_invalid']);
    assert.deepEqual([cost['engine'], cost['turns'], cost['characters'], cost['cost_rub']], ['yandex', 100, 4000, 1.2]);
  });
});
