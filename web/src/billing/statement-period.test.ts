import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementPeriod, statementSpans } from './statement-period.ts';

const zone = 'Asia/Vladivostok';
/** The first of March there, still February in London. */
const now = new Date('2028-02-29T20:00:00Z');

test('days are those of the learner’s own time zone', () => {
  assert.deepEqual(statementPeriod('this_month', now, zone), {
    from_date: '2028-03-01',
    to_date: '2028-03-01',
    time_zone: zone,
  });
  assert.deepEqual(statementPeriod('this_month', now, 'Europe/London').from_date, '2028-02-01');
});

test('the last month is whole, in leap years and over the turn of the year', () => {
  const { from_date: from, to_date: to } = statementPeriod('last_month', now, zone);
  assert.deepEqual([from, to], ['2028-02-01', '2028-02-29']);
  const january = statementPeriod('last_month', new Date('2027-01-15T12:00:00Z'), zone);
  assert.deepEqual([january.from_date, january.to_date], ['2026-12-01', '2026-12-31']);
});

test('no span is longer than the year that a statement may have', () => {
  for (const span of statementSpans) {
    const { from_date: from, to_date: to } = statementPeriod(span, now, zone);
    const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
    assert.ok(days >= 1 && days <= 366, `${span}: ${days}`);
  }
});
