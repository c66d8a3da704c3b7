import type { Knex } from 'knex';
import { byRows, type Cover } from './cover.ts';
import { CREDIT_FIGURES, LEDGER_ROWS } from './credit-figures.ts';
import { bindingsOf, cellsOf, isOfAll, only, placesOf, type Cursor, type Filter, type Key } from './places.ts';
import { selectRows } from './sql.ts';

export interface UsageFigures {
  readonly sessions: number;
  readonly billedMinutes: number;
  readonly talkedSec: number;
  readonly listKopecks: number;
  readonly recognizedKopecks: number;
  readonly freeHundredths: number;
}

/** Columns, and what they are here. */
const USAGE_COLUMNS = {
  sessions: 'sessions',
  billed_minutes: 'billedMinutes',
  talked_sec: 'talkedSec',
  list_kopecks: 'listKopecks',
  recognized_kopecks: 'recognizedKopecks',
  free_hundredths: 'freeHundredths',
} as const satisfies Readonly<Record<string, keyof UsageFigures>>;

/** By bucket number, or by engine or language over the whole cover. */
export async function readUsage(
  knex: Knex,
  asked: Cover,
  { cursor, filter, key }: { readonly cursor: Cursor; readonly filter: Filter; readonly key: Key },
): Promise<ReadonlyMap<string, UsageFigures>> {
  const each = key !== 'bucket';
  // Quarters are kept of all together.
  const cover = !each && isOfAll(filter) ? asked : byRows(asked, 'quarters');
  const columns = Object.keys(USAGE_COLUMNS).map((name) => `f.${name}`);
  const table = placesOf(cover, {
    columns: [...columns, ...(each ? ['f.engine', 'f.language'] : [])].join(', '),
    daily: cellsOf('revenue_daily', filter, each),
    hourly: cellsOf('revenue_hourly', filter, each),
    quarterly: 'SELECT * FROM revenue_quarterly',
    rows: sessionsOf(filter),
  });
  if (table === '') return new Map();
  const rows = await selectRows<{ key: string | number } & UsageFigures>(
    knex,
    `SELECT ${key} AS key, ${summed(USAGE_COLUMNS)} FROM (${table}) figures GROUP BY 1`,
    bindingsOf(cover, cursor, filter),
  );
  return new Map(rows.map((row) => [String(row.key), row]));
}

function summed(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([column, name]) => `sum(${column})::bigint AS "${name}"`)
    .join(', ');
}

function sessionsOf(filter: Filter): string {
  return `SELECT 1 AS sessions, billed_minutes::bigint, duration_sec::bigint AS talked_sec,
      (billed_amount_rub::numeric * 100)::bigint AS list_kopecks, recognized_kopecks,
      (free_minutes::numeric * 100)::bigint AS free_hundredths, engine, language, created_at, xid
    FROM usage_sessions WHERE ${only(filter)}`;
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

const CREDIT_COLUMNS = {
  credits: 'credits',
  credited_hundredths: 'creditedHundredths',
  credited_kopecks: 'creditedKopecks',
  debits: 'debits',
  debited_hundredths: 'debitedHundredths',
  debited_kopecks: 'debitedKopecks',
} as const satisfies Readonly<Record<(typeof CREDIT_FIGURES)[number], keyof CreditFigures>>;

/** By bucket number and kind. */
export async function readCredits(
  knex: Knex,
  cover: Cover,
  cursor: Cursor,
): Promise<ReadonlyMap<string, ReadonlyMap<CreditKind, CreditFigures>>> {
  const table = placesOf(cover, {
    columns: `f.kind, ${CREDIT_FIGURES.map((name) => `f.${name}`).join(', ')}`,
    daily: 'SELECT * FROM credits_daily',
    hourly: 'SELECT * FROM credits_hourly',
    quarterly: 'SELECT * FROM credits_quarterly',
    rows: LEDGER_ROWS,
  });
  if (table === '') return new Map();
  const rows = await selectRows<{ bucket: number; kind: CreditKind } & CreditFigures>(
    knex,
    `SELECT bucket, kind, ${summed(CREDIT_COLUMNS)} FROM (${table}) figures GROUP BY 1, 2`,
    bindingsOf(cover, cursor, {}),
  );
  const byBucket = new Map<string, Map<CreditKind, CreditFigures>>();
  for (const row of rows) {
    const key = String(row.bucket);
    const kinds = byBucket.get(key);
    if (kinds === undefined) byBucket.set(key, new Map([[row.kind, row]]));
    else kinds.set(row.kind, row);
  }
  return byBucket;
}
