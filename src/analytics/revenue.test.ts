import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { minutesOf, openFiguresHouse, type FiguresHouse } from '../testing/figures-house.ts';
import { until } from '../testing/until.ts';
import { allocate, catchUp, insertLedgerRow, insertLot, insertSession } from '../testing/stored-usage.ts';

function minutesAsClosed(bucket: Readonly<Record<string, unknown>> = {}): unknown {
  return (bucket['as_closed'] as Record<string, unknown>)['total_minutes'];
}

describe('the figures over HTTP', () => {
  const ends: (() => unknown)[] = [];
  let house: FiguresHouse;
  let { knex, analytics, ann, bob } = {} as FiguresHouse;

  before(async () => {
    house = await openFiguresHouse({ after: (end: () => unknown) => void ends.push(end) });
    ({ knex, analytics, ann, bob } = house);
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  const refusal = async (query: string): Promise<unknown> => {
    const { status, body } = await house.get(`revenue/minutes?${query}`);
    return `${status} ${String(body['code'])}`;
  };

  it('has the fields of the product’s specification, and empty buckets with zeros', async () => {
    const at = (time: string): string => `2025-12-01T${time}+03:00`;
    await insertSession(knex, { payer: ann, at: at('00:00:00'), minutes: 100, freeMinutes: 40, paidKopecks: 24_000 });
    await insertSession(knex, { payer: ann, at: at('23:59:59'), minutes: 10, talkedSec: 541, engine: 'yandex' });
    await insertSession(knex, { payer: bob, at: at('12:00:00'), minutes: 10, language: 'ru', ratePerMinute: 600 });
    await catchUp(analytics);
    const answer = await house.revenue('from_date=2025-11-30&to_date=2025-12-02&group_by=day');
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

    const hours = await house.revenue('from_date=2025-12-01&to_date=2025-12-01&group_by=hour');
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
    assert.equal((await house.revenue(from)).totals['total_minutes'], 10);
    assert.equal((await house.revenue(`${from}.001`)).totals['total_minutes'], 20);
    assert.equal(
      (await house.revenue('from_date=2025-11-30T21:00:00Z&to_date=2025-12-01T00:00:01+03:00')).totals['total_minutes'],
      100,
    );
    assert.equal((await house.revenue('from_date=2025-12-01T05:00:00&to_date=2025-12-01T05:00:00')).buckets.length, 0);
    assert.equal((await house.revenue(`${day}&engine=yandex`)).totals['total_minutes'], 10);
    const russian = await house.revenue(`${day}&language=ru&group_by=hour`);
    assert.deepEqual([russian.totals['total_minutes'], russian.totals['unique_callers']], [10, 1]);
    // The parts are the whole, wherever the zone's days and hours are cut.
    for (const cut of ['', '&group_by=hour', '&time_zone=Asia/Kolkata', '&time_zone=Asia/Kathmandu&group_by=hour']) {
      const whole = await house.revenue(`${day}${cut}&breakdown=language`);
      const parts = whole['breakdown'] as Record<string, number>[];
      const minutes = parts.reduce((sum, part) => sum + (part['total_minutes'] ?? 0), 0);
      assert.ok(minutes > 0);
      assert.equal(minutes, whole.totals['total_minutes'], cut);
    }
    const { breakdown } = await house.revenue(`${day}&breakdown=engine`);
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
    assert.equal((await house.revenue(`from_date=2024-10-28&${hours}`)).buckets.length, 400 * 24);
    assert.equal(await refusal('from_date=2010-01-01&to_date=2025-12-01'), '400 range_too_long');
    assert.equal(await refusal('from_date=2025-12-01&to_date=2025-12-01&time_zone=Mars/Base'), '400 time_zone_unknown');
    assert.equal(await refusal('from_date=2025-12-01&to_date=2025-12-01&time_zone=%2B03:00'), '400 time_zone_unknown');
    assert.equal(await refusal('from_date=2025-02-30&to_date=2025-12-01'), '400 date_invalid');
    assert.equal(await refusal('from_date=yesterday'), '400 date_invalid');
    assert.equal(await refusal('group_by=week'), '400 request_invalid');
    assert.equal((await house.getAs(undefined, 'revenue/minutes')).status, 401);
    assert.equal((await house.getAs(house.badges.tokenOf(ann.userId), 'revenue/minutes')).status, 403);
    assert.equal((await house.getAs(house.badges.tokenOf(ann.userId), 'latency')).status, 403);
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
      const { totals } = await house.revenue(`from_date=2025-09-10&to_date=2025-09-10&time_zone=${zone}`);
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
    const { buckets } = await house.revenue('from_date=2025-12-01&to_date=2025-12-02');
    const [closed, open] = buckets;
    assert.equal(closed?.['total_minutes'], 127);
    assert.equal(minutesAsClosed(closed), 120);
    assert.equal(open?.['as_closed'], null);
    const [some] = (await house.revenue('from_date=2025-12-01&to_date=2025-12-02&engine=local')).buckets;
    assert.deepEqual([some?.['total_minutes'], some?.['as_closed']], [117, null]);
    await analytics.rebuild();
    await catchUp(analytics);
    const again = await house.revenue('from_date=2025-12-01&to_date=2025-12-01');
    assert.equal(minutesAsClosed(again.buckets[0]), 120);
  });

  it('closes no day while another process is still adding to its figures', async () => {
    const other = await knex.transaction();
    await other('analytics_cursor').forUpdate().select('last');
    const closing = analytics.closeDays(new Date('2025-12-06T01:00:00Z'));
    await until(async () => {
      const { rows } = await knex.raw<{ rows: unknown[] }>(
        `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()`,
      );
      return rows.length > 0;
    }, 'the closing to wait');
    assert.equal((await analytics.rollUp()).busy, true);
    await other.commit();
    assert.equal(await closing, 4);
  });

  it('compares with the period before, and is written as CSV', async () => {
    const query = 'from_date=2025-12-02&to_date=2025-12-03&compare=previous';
    const { previous } = await house.revenue(query);
    assert.equal((previous as { totals: Record<string, unknown> }).totals['total_minutes'], 127);
    const { text, headers } = await house.get(`revenue/minutes?from_date=2025-12-01&to_date=2025-12-01`, {
      accept: 'text/csv',
    });
    assert.match(headers.get('content-type') ?? '', /^text\/csv/);
    assert.match(text, /period_start,starts_at,total_minutes,total_revenue,sessions_count/);
    assert.match(text, /\r\n2025-12-01T00:00:00,2025-11-30T21:00:00\.000Z,127,/);
    assert.equal((await analytics.today()).totals.billedMinutes, 0);
  });
});
