import type { Knex } from 'knex';
import { byRows, type Cover } from './cover.ts';
import { CREDIT_FIGURES, LEDGER_ROWS } from './credit-figures.ts';
import { selectOne, selectRows } from './sql.ts';
import { chunkOf, setOf } from './usage-figures.ts';

/** Figures are of these alone; absent: of all. */
export interface Filter {
  readonly engine?: string | undefined;
  readonly language?: string | undefined;
}

export interface UsageFigures {
  readonly sessions: number;
  readonly billedMinutes: number;
  readonly talkedSec: number;
  readonly listKopecks: number;
  readonly recognizedKopecks: number;
  readonly freeHundredths: number;
}

export const CREDIT_KINDS = ['deposit', 'trial', 'gift', 'referral', 'adjustment', 'usage'] as const;
export type CreditKind = (typeof CREDIT_KINDS)[number];

/** Of one kind: what came in, and what was taken away or back. */
export interface CreditFigures {
  readonly credits: number;
  readonly creditedHundredths: number;
  readonly creditedKopecks: number;
  readonly debits: number;
  readonly debitedHundredths: number;
  readonly debitedKopecks: number;
}

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

type Bindings = Readonly<Record<string, Knex.RawBinding>>;

/** Everything that the statements below name. Raw rows count only as far as the figures go: all three places agree. */
function bindingsOf(cover: Cover, cursor: Cursor, { engine, language }: Filter): Bindings {
  const { days, hours, rows } = cover;
  return {
    days: [...days],
    oneDay: days[0] ?? null,
    lastDay: days.at(-1) ?? null,
    firstDay: cover.firstDay,
    hourEdges: hours.flatMap(({ fromMs, toMs }) => [instant(fromMs), instant(toMs)]),
    hoursSince: instant(hours[0]?.fromMs ?? 0),
    hoursUntil: instant(hours.at(-1)?.toMs ?? 0),
    rowsFrom: rows.map(({ fromMs }) => instant(fromMs)),
    rowsTo: rows.map(({ toMs }) => instant(toMs)),
    edges: cover.buckets.map(({ startsMs }) => instant(startsMs)),
    last: cursor.last,
    engine: engine ?? '*',
    language: language ?? '*',
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

interface Places {
  readonly columns: string;
  readonly daily: string;
  readonly hourly: string;
  readonly rows: string;
  /** The columns made of rows, where rows are summed up into sets. */
  readonly summed?: { readonly columns: string; readonly grouping: string };
}

/** The three places that a cover names, as one table: `bucket` counts from 0. Places that are not needed are left out. */
function places(cover: Cover, { columns, daily, hourly, rows, summed }: Places): string {
  const parts: string[] = [];
  if (cover.days.length > 0) {
    parts.push(`SELECT :firstDay + width_bucket(f.period, :days::date[]) - 1 AS bucket, ${columns}
      FROM (${daily}) f WHERE f.period BETWEEN :oneDay::date AND :lastDay::date`);
  }
  if (cover.hours.length > 0) {
    // Inside the stretches, whose beginnings and ends take turns.
    const inside = cover.hours.length === 1 ? 'true' : 'width_bucket(f.period, :hourEdges::timestamptz[]) % 2 = 1';
    // Where every bucket is an hour, its number is simply how many hours have gone by.
    const bucket =
      cover.single && cover.days.length === 0
        ? '(extract(epoch FROM f.period - :hoursSince::timestamptz) / 3600)::integer'
        : 'width_bucket(f.period, :edges::timestamptz[]) - 1';
    parts.push(`SELECT ${bucket} AS bucket, ${columns}
      FROM (${hourly}) f WHERE f.period >= :hoursSince::timestamptz AND f.period < :hoursUntil::timestamptz AND ${inside}`);
  }
  if (cover.rows.length > 0) {
    parts.push(`SELECT width_bucket(f.created_at, :edges::timestamptz[]) - 1 AS bucket, ${summed?.columns ?? columns}
      FROM unnest(:rowsFrom::timestamptz[], :rowsTo::timestamptz[]) AS asked (since, until)
        JOIN (${rows}) f ON f.created_at >= asked.since AND f.created_at < asked.until AND f.xid < :last::xid8
      ${summed === undefined ? '' : `GROUP BY ${summed.grouping}`}`);
  }
  return parts.join('\nUNION ALL\n');
}

/** Cells of the tables: the sum over all, or those of the filter. */
function cellsOf(table: string, { engine, language }: Filter, each: boolean): string {
  if (!each && engine === undefined && language === undefined) {
    return `SELECT * FROM ${table} WHERE engine = '*' AND language = '*'`;
  }
  return `SELECT * FROM ${table} WHERE engine ${engine === undefined ? "<> '*'" : '= :engine'}
    AND language ${language === undefined ? "<> '*'" : '= :language'}`;
}

function sessionsOf(filter: Filter): string {
  return `SELECT 1 AS sessions, billed_minutes::bigint, duration_sec::bigint AS talked_sec,
      (billed_amount_rub::numeric * 100)::bigint AS list_kopecks, recognized_kopecks,
      (free_minutes::numeric * 100)::bigint AS free_hundredths, engine, language, created_at, xid
    FROM usage_sessions WHERE ${only(filter)}`;
}

function only({ engine, language }: Filter): string {
  return `${engine === undefined ? 'true' : 'engine = :engine'} AND ${language === undefined ? 'true' : 'language = :language'}`;
}

const USAGE_COLUMNS =
  'f.sessions, f.billed_minutes, f.talked_sec, f.list_kopecks, f.recognized_kopecks, f.free_hundredths';

/** Which rows are summed up together. */
export type Key = 'bucket' | 'engine' | 'language';

/** By bucket number, or by engine or language over the whole cover. */
export async function readUsage(
  knex: Knex,
  cover: Cover,
  { cursor, filter, key }: { readonly cursor: Cursor; readonly filter: Filter; readonly key: Key },
): Promise<ReadonlyMap<string, UsageFigures>> {
  const each = key !== 'bucket';
  const table = places(cover, {
    columns: `${USAGE_COLUMNS}${each ? ', f.engine, f.language' : ''}`,
    daily: cellsOf('revenue_daily', filter, each),
    hourly: cellsOf('revenue_hourly', filter, each),
    rows: sessionsOf(filter),
  });
  if (table === '') return new Map();
  const rows = await selectRows<{ key: string | number } & UsageFigures>(
    knex,
    `SELECT ${key} AS key, sum(sessions)::bigint AS sessions, sum(billed_minutes)::bigint AS "billedMinutes",
       sum(talked_sec)::bigint AS "talkedSec", sum(list_kopecks)::bigint AS "listKopecks",
       sum(recognized_kopecks)::bigint AS "recognizedKopecks", sum(free_hundredths)::bigint AS "freeHundredths"
     FROM (${table}) figures GROUP BY 1`,
    bindingsOf(cover, cursor, filter),
  );
  return new Map(rows.map(({ key: name, ...figures }) => [String(name), figures]));
}

export interface CallerCounts {
  readonly by: ReadonlyMap<string, number>;
  /** In the whole cover: who called twice is counted once. */
  readonly all: number;
}

/** How many different people called: exact over any range, because sets are united, not counts added. */
export async function readCallers(
  knex: Knex,
  asked: Cover,
  { cursor, filter, key }: { readonly cursor: Cursor; readonly filter: Filter; readonly key: Key },
): Promise<CallerCounts> {
  const each = key !== 'bucket';
  const all = !each && filter.engine === undefined && filter.language === undefined;
  // Sets of an hour are kept for all together.
  const cover = all ? asked : byRows(asked);
  const table = places(cover, {
    columns: `f.chunk, f.members${each ? ', f.engine, f.language' : ''}`,
    daily: cellsOf('callers_daily', filter, each),
    hourly: 'SELECT * FROM callers_hourly',
    rows: `SELECT number, engine, language, created_at, xid FROM usage_sessions JOIN analytics_callers USING (user_account_id)
      WHERE ${only(filter)}`,
    summed: {
      columns: `${chunkOf('f.number')} AS chunk, ${setOf('f.number')} AS members${each ? ', f.engine, f.language' : ''}`,
      grouping: `bucket, chunk${each ? ', f.engine, f.language' : ''}`,
    },
  });
  if (table === '') return { by: new Map(), all: 0 };
  const rows = await selectRows<{ key: string | number | null; callers: number }>(
    knex,
    all && cover.single
      ? // Each bucket is one cell: nothing to unite but for the whole.
        `SELECT bucket AS key, sum(bit_count(members))::bigint AS callers FROM (${table}) cells GROUP BY 1
         UNION ALL
         SELECT NULL, coalesce(sum(bit_count(members)), 0)::bigint
         FROM (SELECT bit_or(members) AS members FROM (${table}) cells GROUP BY chunk) everybody`
      : `WITH sets AS MATERIALIZED (
           SELECT ${key} AS key, chunk, bit_or(members) AS members FROM (${table}) cells GROUP BY 1, 2
         )
         SELECT key, sum(bit_count(members))::bigint AS callers FROM sets GROUP BY key
         UNION ALL
         SELECT NULL, coalesce(sum(bit_count(members)), 0)::bigint
         FROM (SELECT bit_or(members) AS members FROM sets GROUP BY chunk) everybody`,
    bindingsOf(cover, cursor, filter),
  );
  return {
    by: new Map(rows.flatMap((row) => (row.key === null ? [] : [[String(row.key), row.callers]]))),
    all: rows.find((row) => row.key === null)?.callers ?? 0,
  };
}

/** By bucket number and kind. */
export async function readCredits(
  knex: Knex,
  cover: Cover,
  cursor: Cursor,
): Promise<ReadonlyMap<string, ReadonlyMap<CreditKind, CreditFigures>>> {
  const table = places(cover, {
    columns: `f.kind, ${CREDIT_FIGURES.map((name) => `f.${name}`).join(', ')}`,
    daily: 'SELECT * FROM credits_daily',
    hourly: 'SELECT * FROM credits_hourly',
    rows: LEDGER_ROWS,
  });
  if (table === '') return new Map();
  const rows = await selectRows<{ bucket: number; kind: CreditKind } & CreditFigures>(
    knex,
    `SELECT bucket, kind, sum(credits)::bigint AS credits, sum(credited_hundredths)::bigint AS "creditedHundredths",
       sum(credited_kopecks)::bigint AS "creditedKopecks", sum(debits)::bigint AS debits,
       sum(debited_hundredths)::bigint AS "debitedHundredths", sum(debited_kopecks)::bigint AS "debitedKopecks"
     FROM (${table}) figures GROUP BY 1, 2`,
    bindingsOf(cover, cursor, {}),
  );
  const byBucket = new Map<string, Map<CreditKind, CreditFigures>>();
  for (const { bucket, kind, ...figures } of rows) {
    const kinds = byBucket.get(String(bucket)) ?? new Map<CreditKind, CreditFigures>();
    byBucket.set(String(bucket), kinds.set(kind, figures));
  }
  return byBucket;
}
