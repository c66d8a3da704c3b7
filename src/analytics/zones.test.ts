import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { minutesOf, openFiguresHouse, type FiguresHouse } from '../testing/figures-house.ts';
import { catchUp, insertSession } from '../testing/stored-usage.ts';
import { cutIntoBuckets } from './buckets.ts';
import { coverBuckets } from './cover.ts';
import { openZone } from './local-time.ts';
import { readCells } from './read-cells.ts';

describe('the figures of time zones', () => {
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

    const berlin = await house.revenue(`${of('2025-10-26', 'Europe/Berlin')}&group_by=hour`);
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
    assert.deepEqual(minutesOf(await house.revenue(of('2025-10-26', 'Europe/Berlin'))), { '2025-10-26T00:00:00': 4 });
    assert.equal((await house.revenue(`${of('2025-03-30', 'Europe/Berlin')}&group_by=hour`)).buckets.length, 23);
    assert.equal((await house.revenue(of('2025-03-30', 'Europe/Berlin'))).totals['total_minutes'], 4);
    const newYork = await house.revenue(`${of('2025-03-09', 'America/New_York')}&group_by=hour`);
    assert.deepEqual([newYork.buckets.length, newYork.totals['total_minutes']], [23, 4]);
    const twice = await house.revenue(`${of('2025-11-02', 'America/New_York')}&group_by=hour`);
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
    const usual = 'Europe/Moscow';
    for (let n = 0; n < 60; n += 1) {
      const at = new Date(Date.UTC(2025, 9, 1) + n * 7_919_317 * 6);
      await insertSession(knex, { payer: n % 3 === 0 ? ann : bob, at, minutes: 1 + (n % 7) });
    }
    await catchUp(analytics);
    for (const zone of [...zones, usual]) {
      for (const grouping of ['day', 'hour']) {
        const { rows } = await knex.raw<{ rows: { label: string; minutes: number; callers: number }[] }>(
          `SELECT to_char(date_trunc('${grouping}', created_at AT TIME ZONE :zone), 'YYYY-MM-DD"T"HH24:MI:SS') AS label,
             sum(billed_minutes)::integer AS minutes, count(DISTINCT user_account_id)::integer AS callers
           FROM usage_sessions WHERE (created_at AT TIME ZONE :zone)::date BETWEEN '2025-10-01' AND '2025-11-20'
           GROUP BY 1`,
          { zone },
        );
        const answer = await house.revenue(
          `from_date=2025-10-01&to_date=2025-11-20&group_by=${grouping}&time_zone=${zone}`,
        );
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
    const known = [await house.revenue(query), await house.revenue(`${query}&group_by=hour`)];
    for (const table of ['revenue_daily', 'revenue_hourly']) {
      await knex(table).where({ engine: '*', sessions: 1 }).update({ callers: null });
    }
    assert.deepEqual([await house.revenue(query), await house.revenue(`${query}&group_by=hour`)], known);
    await analytics.rebuild();
    await catchUp(analytics);
  });

  it('gives nothing from daily tables whose days have become those of another zone', async () => {
    const zone = openZone('Europe/Moscow');
    const range = { fromMs: Date.parse('2025-09-30T21:00:00Z'), toMs: Date.parse('2025-10-10T21:00:00Z'), zone };
    const cover = coverBuckets(cutIntoBuckets(range, 'day'), { grouping: 'day', byDays: true });
    const read = (timeZone: string) => readCells(knex, { cover, days: cover, timeZone });
    assert.equal((await read('Europe/Moscow'))?.everybody, 2);
    assert.equal(await read('Asia/Tokyo'), undefined);
  });
});
