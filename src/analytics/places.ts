import type { Knex } from 'knex';
import type { Cover, Stretch } from './cover.ts';
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
  /** The quarters go as far. */
  readonly quarters: boolean;
}

/** To be asked first in a transaction: it also sets this up for small answers, for which helpers start too slowly. */
export async function readCursor(knex: Knex): Promise<Cursor> {
  const {
    last,
    time_zone: timeZone,
    quarters,
  } = await selectOne<{ last: string; time_zone: string; quarters: boolean }>(
    knex,
    `SELECT last::text, time_zone, quarters_last = last AS quarters, set_config('work_mem', '64MB', true),
       set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)
     FROM analytics_cursor`,
  );
  return { last, timeZone, quarters };
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

/** Everything that the statements name. Raw rows count only as far as the figures go: all places agree. */
export function bindingsOf(cover: Cover, { last }: Pick<Cursor, 'last'>, { engine, language }: Filter): Bindings {
  return { ...coverBindings(cover), last, engine: engine ?? '*', language: language ?? '*' };
}

/** @param prefix tells the names of one cover from those of another in the same statement */
export function coverBindings(cover: Cover, prefix = ''): Bindings {
  const { days, hours, quarters, rows } = cover;
  const named = {
    days: [...days],
    oneDay: days[0] ?? null,
    lastDay: days.at(-1) ?? null,
    firstDay: cover.firstDay,
    hourEdges: hours.flatMap(({ fromMs, toMs }) => [instant(fromMs), instant(toMs)]),
    hoursSince: instant(hours[0]?.fromMs ?? 0),
    hoursUntil: instant(hours.at(-1)?.toMs ?? 0),
    ...stretchBindings('hours', hours),
    ...stretchBindings('quarters', quarters),
    ...stretchBindings('rows', rows),
    edges: needsEdges(cover) ? cover.buckets.map(({ startsMs }) => instant(startsMs)) : [],
  };
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}${name}`, value]));
}

function stretchBindings(name: string, stretches: readonly Stretch[]): Bindings {
  return {
    [`${name}From`]: stretches.map(({ fromMs }) => instant(fromMs)),
    [`${name}To`]: stretches.map(({ toMs }) => instant(toMs)),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Every bucket is an hour: its number is simply how many hours have gone by. */
function isHourByHour({ single, days }: Cover): boolean {
  return single && days.length === 0;
}

function needsEdges(cover: Cover): boolean {
  const { hours, quarters, rows } = cover;
  return rows.length > 0 || quarters.length > 0 || (hours.length > 0 && !isHourByHour(cover));
}

interface Places {
  readonly columns: string;
  readonly daily: string;
  readonly hourly: string;
  readonly quarterly: string;
  readonly rows: string;
  /** The columns made of rows, where rows are summed up into sets. */
  readonly summed?: { readonly columns: string; readonly grouping: string };
  /** As of the cover's bindings. */
  readonly prefix?: string;
}

/**
 * The places that a cover names, as one table: `bucket` counts from 0. Places that are not needed are left out;
 * empty when none is.
 */
export function placesOf(cover: Cover, places: Places): string {
  const { columns, daily, hourly, quarterly, rows, summed, prefix = '' } = places;
  const parts: string[] = [];
  const stretches = (name: string): string =>
    `unnest(:${prefix}${name}From::timestamptz[], :${prefix}${name}To::timestamptz[]) AS asked (since, until)`;
  // The planner takes a pair of bounds from a joined table for a ninth of all there is, and reads it all. Not so inside.
  const within = (name: string, table: string): string => `${stretches(name)} CROSS JOIN LATERAL (
        SELECT * FROM (${table}) t WHERE t.period >= asked.since AND t.period < asked.until OFFSET 0
      ) f`;
  const hoursOf = ({ hours, days }: Cover): string => {
    // Before the days and after them.
    if (days.length > 0) return within('hours', hourly);
    // Else they are nearly all of the range, in stretches whose beginnings and ends take turns.
    const inside = hours.length === 1 ? 'true' : `width_bucket(f.period, :${prefix}hourEdges::timestamptz[]) % 2 = 1`;
    return `(${hourly}) f WHERE f.period >= :${prefix}hoursSince::timestamptz AND f.period < :${prefix}hoursUntil::timestamptz
        AND ${inside}`;
  };
  const byEdges = (column: string): string => `width_bucket(${column}, :${prefix}edges::timestamptz[]) - 1`;
  if (cover.days.length > 0) {
    parts.push(`SELECT :${prefix}firstDay + width_bucket(f.period, :${prefix}days::date[]) - 1 AS bucket, ${columns}
      FROM (${daily}) f WHERE f.period BETWEEN :${prefix}oneDay::date AND :${prefix}lastDay::date`);
  }
  if (cover.hours.length > 0) {
    const bucket = isHourByHour(cover)
      ? `(extract(epoch FROM f.period - :${prefix}hoursSince::timestamptz) / 3600)::integer`
      : byEdges('f.period');
    parts.push(`SELECT ${bucket} AS bucket, ${columns} FROM ${hoursOf(cover)}`);
  }
  if (cover.quarters.length > 0) {
    parts.push(`SELECT ${byEdges('f.period')} AS bucket, ${columns} FROM ${within('quarters', quarterly)}`);
  }
  if (cover.rows.length > 0) {
    parts.push(`SELECT ${byEdges('f.created_at')} AS bucket, ${summed?.columns ?? columns}
      FROM ${stretches('rows')}
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
