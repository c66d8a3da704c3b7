import type { Knex } from 'knex';
import type { Cover } from './cover.ts';
import { cellsOf, coverBindings, placesOf } from './places.ts';
import type { CreditFigures, CreditKind, UsageFigures } from './read-figures.ts';
import { selectRows } from './sql.ts';

/** Figures by the number of their bucket. */
export interface Cells {
  readonly usage: ReadonlyMap<string, UsageFigures>;
  readonly callers: ReadonlyMap<string, number>;
  /** Different people in the whole cover. */
  readonly everybody: number;
  readonly credits: ReadonlyMap<string, ReadonlyMap<CreditKind, CreditFigures>>;
}

const EVERYBODY = 'everybody_';

interface CellRow {
  /** Of the last row, which tells of everybody: NULL. */
  readonly bucket: number | null;
  /** Of credits; NULL: usage. */
  readonly kind: CreditKind | null;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
  /** NULL: nobody counted the cell's callers. */
  readonly g: number | null;
}

/**
 * What there is to say of a single cover's buckets, which are cells of the tables, in one statement: nothing is put together, so that most of
 * what it costs are the ways to the database and back; and one statement sees one moment.
 *
 * `days` are the same range cut where the daily tables are if their days begin as in `timeZone`. `undefined` when they do not,
 * or when not all is in the cells.
 */
export async function readCells(
  knex: Knex,
  { cover, days, timeZone }: { readonly cover: Cover; readonly days: Cover; readonly timeZone: string },
): Promise<Cells | undefined> {
  if (days.quarters.length > 0 || days.rows.length > 0) return undefined;
  const usage = placesOf(cover, {
    columns: `f.sessions, f.billed_minutes, f.talked_sec, f.list_kopecks, f.recognized_kopecks, f.free_hundredths, f.callers`,
    daily: cellsOf('revenue_daily', {}, false),
    hourly: cellsOf('revenue_hourly', {}, false),
    quarterly: '',
    rows: '',
  });
  const credits = placesOf(cover, {
    columns: `f.kind, f.credits, f.credited_hundredths, f.credited_kopecks, f.debits, f.debited_hundredths, f.debited_kopecks`,
    daily: 'SELECT * FROM credits_daily',
    hourly: 'SELECT * FROM credits_hourly',
    quarterly: '',
    rows: '',
  });
  const sets = placesOf(days, {
    columns: 'f.chunk, f.members',
    daily: cellsOf('callers_daily', {}, false),
    hourly: 'SELECT * FROM callers_hourly',
    quarterly: '',
    rows: '',
    prefix: EVERYBODY,
  });
  if (usage === '') return undefined;
  const rows = await selectRows<CellRow>(
    knex,
    `SELECT bucket, NULL AS kind, sessions AS a, billed_minutes AS b, talked_sec AS c, list_kopecks AS d,
       recognized_kopecks AS e, free_hundredths AS f, callers AS g
     FROM (${usage}) sessions
     UNION ALL
     SELECT bucket, kind, credits, credited_hundredths, credited_kopecks, debits, debited_hundredths, debited_kopecks, NULL
     FROM (${credits}) credits
     UNION ALL
     SELECT NULL, NULL, (
       SELECT coalesce(sum(bit_count(members)), 0)::bigint
       FROM (SELECT bit_or(members) AS members FROM (${sets}) cells GROUP BY chunk) everybody
     ), NULL, NULL, NULL, NULL, NULL, NULL
     FROM analytics_cursor WHERE time_zone = :timeZone`,
    { ...coverBindings(cover), ...coverBindings(days, EVERYBODY), timeZone },
  );
  return toCells(rows);
}

function toCells(rows: readonly CellRow[]): Cells | undefined {
  const usage = new Map<string, UsageFigures>();
  const callers = new Map<string, number>();
  const credits = new Map<string, Map<CreditKind, CreditFigures>>();
  let everybody: number | undefined;
  for (const { bucket, kind, a, b, c, d, e, f, g } of rows) {
    const key = String(bucket);
    if (bucket === null) {
      everybody = a;
    } else if (kind === null) {
      if (g === null) return undefined;
      usage.set(key, {
        sessions: a,
        billedMinutes: b,
        talkedSec: c,
        listKopecks: d,
        recognizedKopecks: e,
        freeHundredths: f,
      });
      callers.set(key, g);
    } else {
      const figures: CreditFigures = {
        credits: a,
        creditedHundredths: b,
        creditedKopecks: c,
        debits: d,
        debitedHundredths: e,
        debitedKopecks: f,
      };
      const kinds = credits.get(key);
      if (kinds === undefined) credits.set(key, new Map([[kind, figures]]));
      else kinds.set(kind, figures);
    }
  }
  return everybody === undefined ? undefined : { usage, callers, everybody, credits };
}
