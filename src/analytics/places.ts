import type { Knex } from 'knex';
import type { Cover } from './cover.ts';
import { selectOne } from './sql.ts';

/** Figures are of these alone; absent: of all. */
export interface Filter {
  readonly engine?: string | undefined;
  readonly language?: string | undefined;
}

/** Which rows are summed up together. */
export type Key = 'bucket' | 'engine' | 'language';

/** How far the figures go, and where their days begin. */
export interface Cursor {
  readonly last: string;
  readonly timeZone: string;
}

/** To be asked first in a transaction: it also sets this up for small answers, for which helpers start too slowly. */
export async function readCursor(knex: Knex): Promise<Cursor> {
  const { last, time_zone: timeZone } = await selectOne<{ last: string; time_zone: string }>(
    knex,
    `SELECT last::text, time_zone, set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true)
     FROM analytics_cursor`,
  );
  return { last, timeZone };
}

/** Where the days of the daily tables begin. */
export async function readDaysZone(knex: Knex): Promise<string> {
  const { time_zone: timeZone } = await selectOne<{ time_zone: string }>(
    knex,
    'SELECT time_zone FROM analytics_cursor',
  );
  return timeZone;
}

type Bindings = Readonly<Record<string, Knex.RawBinding>>;

/** Everything that the statements name. Raw rows count only as far as the figures go: all three places agree. */
export function bindingsOf(cover: Cover, { last }: Pick<Cursor, 'last'>, { engine, language }: Filter): Bindings {
  return { ...coverBindings(cover), last, engine: engine ?? '*', language: language ?? '*' };
}

/** @param prefix tells the names of one cover from those of another in the same statement */
export function coverBindings(cover: Cover, prefix = ''): Bindings {
  const { days, hours, rows } = cover;
  const named = {
    days: [...days],
    oneDay: days[0] ?? null,
    lastDay: days.at(-1) ?? null,
    firstDay: cover.firstDay,
    hourEdges: hours.flatMap(({ fromMs, toMs }) => [instant(fromMs), instant(toMs)]),
    hoursSince: instant(hours[0]?.fromMs ?? 0),
    hoursUntil: instant(hours.at(-1)?.toMs ?? 0),
    rowsFrom: rows.map(({ fromMs }) => instant(fromMs)),
    rowsTo: rows.map(({ toMs }) => instant(toMs)),
    edges: needsEdges(cover) ? cover.buckets.map(({ startsMs }) => instant(startsMs)) : [],
  };
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}${name}`, value]));
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Every bucket is an hour: its number is simply how many hours have gone by. */
function isHourByHour({ single, days }: Cover): boolean {
  return single && days.length === 0;
}

function needsEdges(cover: Cover): boolean {
  return cover.rows.length > 0 || (cover.hours.length > 0 && !isHourByHour(cover));
}

interface Places {
  readonly columns: string;
  readonly daily: string;
  readonly hourly: string;
  readonly rows: string;
  /** The columns made of rows, where rows are summed up into sets. */
  readonly summed?: { readonly columns: string; readonly grouping: string };
  /** As of the cover's bindings. */
  readonly prefix?: string;
}

/**
 * The three places that a cover names, as one table: `bucket` counts from 0. Places that are not needed are left out;
 * empty when none is.
 */
export function placesOf(cover: Cover, { columns, daily, hourly, rows, summed, prefix = '' }: Places): string {
  const parts: string[] = [];
  if (cover.days.length > 0) {
    parts.push(`SELECT :${prefix}firstDay + width_bucket(f.period, :${prefix}days::date[]) - 1 AS bucket, ${columns}
      FROM (${daily}) f WHERE f.period BETWEEN :${prefix}oneDay::date AND :${prefix}lastDay::date`);
  }
  if (cover.hours.length > 0) {
    // Inside the stretches, whose beginnings and ends take turns.
    const inside =
      cover.hours.length === 1 ? 'true' : `width_bucket(f.period, :${prefix}hourEdges::timestamptz[]) % 2 = 1`;
    const bucket = isHourByHour(cover)
      ? `(extract(epoch FROM f.period - :${prefix}hoursSince::timestamptz) / 3600)::integer`
      : `width_bucket(f.period, :${prefix}edges::timestamptz[]) - 1`;
    parts.push(`SELECT ${bucket} AS bucket, ${columns}
      FROM (${hourly}) f WHERE f.period >= :${prefix}hoursSince::timestamptz AND f.period < :${prefix}hoursUntil::timestamptz AND ${inside}`);
  }
  if (cover.rows.length > 0) {
    parts.push(`SELECT width_bucket(f.created_at, :${prefix}edges::timestamptz[]) - 1 AS bucket, ${summed?.columns ?? columns}
      FROM unnest(:${prefix}rowsFrom::timestamptz[], :${prefix}rowsTo::timestamptz[]) AS asked (since, until)
        JOIN (${rows}) f ON f.created_at >= asked.since AND f.created_at < asked.until AND f.xid < :last::xid8
      ${summed === undefined ? '' : `GROUP BY ${summed.grouping}`}`);
  }
  return parts.join('\nUNION ALL\n');
}

/** Of all engines and languages together. */
export function isOfAll({ engine, language }: Filter): boolean {
  return engine === undefined && language === undefined;
}

/** Cells of the tables: the sum over all, or those of the filter. */
export function cellsOf(table: string, filter: Filter, each: boolean): string {
  const { engine, language } = filter;
  if (!each && isOfAll(filter)) return `SELECT * FROM ${table} WHERE engine = '*' AND language = '*'`;
  return `SELECT * FROM ${table} WHERE engine ${engine === undefined ? "<> '*'" : '= :engine'}
    AND language ${language === undefined ? "<> '*'" : '= :language'}`;
}

/** The same of sessions, as a condition. */
export function only({ engine, language }: Filter): string {
  return `${engine === undefined ? 'true' : 'engine = :engine'} AND ${language === undefined ? 'true' : 'language = :language'}`;
}
