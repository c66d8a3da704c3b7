import type { StatementPeriod } from '../api/types.ts';

export const statementSpans = ['this_month', 'last_month', 'last_90_days', 'last_year'] as const;
export type StatementSpan = (typeof statementSpans)[number];

/** The days of a span, seen from `now` in the learner's own time zone. */
export function statementPeriod(span: StatementSpan, now: Date, timeZone: string): StatementPeriod {
  // en-CA writes a date as 2026-11-01.
  const today = new Intl.DateTimeFormat('en-CA', { timeZone }).format(now);
  const [year = 0, month = 0, day = 0] = today.split('-').map(Number);
  const date = (y: number, m: number, d: number): string => new Date(Date.UTC(y, m - 1, d)).toISOString().slice(0, 10);
  const period = (from: string, to: string): StatementPeriod => ({ from_date: from, to_date: to, time_zone: timeZone });
  switch (span) {
    case 'this_month':
      return period(date(year, month, 1), today);
    case 'last_month':
      return period(date(year, month - 1, 1), date(year, month, 0));
    case 'last_90_days':
      return period(date(year, month, day - 89), today);
    default:
      return period(date(year, month, day - 364), today);
  }
}
