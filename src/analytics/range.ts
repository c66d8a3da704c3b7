import { AppError } from '../platform/errors.ts';
import type { Grouping } from './buckets.ts';
import { openZone, readLocalClock, type Zone } from './local-time.ts';

/** What was asked for: dates (whole days, the last one included) or date-times (the end excluded). */
export interface RangeQuery {
  /** Without it: 30 days by day, 7 days by hour, up to `toDate`. */
  readonly fromDate?: string | undefined;
  /** Without it: today. */
  readonly toDate?: string | undefined;
  readonly grouping: Grouping;
  readonly timeZone: string;
}

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly zone: Zone;
}

const DAY_MS = 86_400_000;
const MOST_DAYS: Readonly<Record<Grouping, number>> = { hour: 400, day: 3_660 };
const DAYS_WITHOUT_BEGINNING: Readonly<Record<Grouping, number>> = { hour: 7, day: 30 };

/**
 * A local date or date-time, or one with its offset. A `+` that was not escaped in an address arrives as a space.
 * Years are those that both PostgreSQL and the time zone database have something to say of.
 */
const MOMENT = /^(20\d\d-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+ -]\d\d:\d\d)?)?$/;

/**
 * @throws AppError `time_zone_unknown`, `date_invalid`, `range_reversed`, `range_too_long`
 */
export function readRange({ fromDate, toDate, grouping, timeZone }: RangeQuery, now: Date): Range {
  const zone = findZone(timeZone);
  const to = parse('to_date', toDate ?? localDate(now.getTime(), zone));
  const toMs = instantOf(to, zone, to.day ? DAY_MS : 0);
  const from =
    fromDate === undefined
      ? { day: true, localMs: startOfDays(toMs, zone, DAYS_WITHOUT_BEGINNING[grouping]), offsetMs: undefined }
      : parse('from_date', fromDate);
  const fromMs = instantOf(from, zone, 0);
  // A last day that is included leaves no empty range.
  if (to.day ? fromMs >= toMs : fromMs > toMs) {
    throw new AppError({ code: 'range_reversed', kind: 'invalid', message: 'from_date is after to_date.' });
  }
  // A day of 25 hours more is no more days.
  if (toMs - fromMs > MOST_DAYS[grouping] * DAY_MS + 2 * 3_600_000) {
    throw new AppError({
      code: 'range_too_long',
      kind: 'invalid',
      message: `By the ${grouping}, at most ${MOST_DAYS[grouping]} days can be asked for at once.`,
    });
  }
  return { fromMs, toMs, zone };
}

function findZone(name: string): Zone {
  try {
    return openZone(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError({
      code: 'time_zone_unknown',
      kind: 'invalid',
      message: 'time_zone must be a name of the IANA time zone database, such as Europe/Moscow.',
    });
  }
}

interface Moment {
  /** A date alone. */
  readonly day: boolean;
  /** As the clock shows it. */
  readonly localMs: number;
  /** Of the clock that was written; else that of the asked zone. */
  readonly offsetMs: number | undefined;
}

function parse(field: string, text: string): Moment {
  const [match, date = '', time = '00:00', second = '00', fraction = '0', zone] = MOMENT.exec(text) ?? [];
  const written = `${date}T${time}:${second}.${fraction.padEnd(3, '0')}Z`;
  const localMs = match === undefined ? Number.NaN : Date.parse(written);
  // Date.parse takes the 31st of February for the 3rd of March.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString() !== written) throw invalidDate(field);
  return { day: !text.includes('T'), localMs, offsetMs: zone === undefined ? undefined : parseOffset(field, zone) };
}

function parseOffset(field: string, zone: string): number {
  if (zone === 'Z') return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(':').map(Number);
  if (hours > 14 || minutes > 59) throw invalidDate(field);
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function invalidDate(field: string): AppError {
  return new AppError({
    code: 'date_invalid',
    kind: 'invalid',
    message: `${field} must be a date such as 2025-12-01, or a date and time such as 2025-12-01T09:00:00.`,
    details: { errors: [{ field, message: 'must be an ISO date or date-time' }] },
  });
}

function instantOf({ localMs, offsetMs }: Moment, zone: Zone, addMs: number): number {
  if (offsetMs !== undefined) return localMs - offsetMs + addMs;
  return readLocalClock(zone, localMs, localMs + addMs).firstAt(localMs + addMs);
}

function localDate(instantMs: number, zone: Zone): string {
  return new Date(instantMs + zone.offset(instantMs)).toISOString().slice(0, 10);
}

/** Local midnight so many days before the end of a range. */
function startOfDays(toMs: number, zone: Zone, days: number): number {
  const lastDay = Date.parse(localDate(toMs - 1, zone));
  return lastDay - (days - 1) * DAY_MS;
}

/**
 * The range to compare with: so many local days before, where this one begins at midnight (the first half of a day meets
 * the first half of the day before); else of the same length, up to where this one begins.
 */
export function rangeBefore({ fromMs, toMs, zone }: Range): Range {
  const clock = readLocalClock(zone, 2 * fromMs - toMs - DAY_MS, toMs);
  const localFrom = fromMs + clock.offsetAt(fromMs);
  if (localFrom % DAY_MS !== 0) return { fromMs: 2 * fromMs - toMs, toMs: fromMs, zone };
  const localTo = toMs + clock.offsetAt(toMs);
  const shiftMs = Math.ceil((localTo - localFrom) / DAY_MS) * DAY_MS;
  return { fromMs: clock.firstAt(localFrom - shiftMs), toMs: clock.firstAt(localTo - shiftMs), zone };
}
