import type { Knex } from 'knex';
import { cutIntoBuckets, type Bucket, type Grouping } from './buckets.ts';
import { readClosedDays, type ClosedDay } from './closed-days.ts';
import { byRows, coverBuckets, type Cover } from './cover.ts';
import { sumCredits, sumUsage, toFigures, type Figures } from './figures.ts';
import { openZone } from './local-time.ts';
import { rangeBefore, type Range } from './range.ts';
import { isOfAll, readCursor, readDaysZone, type Cursor, type Filter, type Key } from './places.ts';
import { readCallers } from './read-callers.ts';
import { readCells, type Cells } from './read-cells.ts';
import { readCredits, readUsage } from './read-figures.ts';

export interface RevenueQuery {
  readonly range: Range;
  readonly grouping: Grouping;
  readonly filter: Filter;
  /** Also the totals of the period before, of the same length. */
  readonly compare: boolean;
  /** Also the totals by engine or by language. */
  readonly breakdown?: Exclude<Key, 'bucket'> | undefined;
}

export interface RevenueBucket {
  readonly bucket: Bucket;
  readonly figures: Figures;
  /** What was known of the day when it was closed. */
  readonly asClosed: ClosedDay | undefined;
}

export interface Revenue {
  readonly range: Range;
  readonly buckets: readonly RevenueBucket[];
  readonly totals: Figures;
  readonly previous: (Range & { readonly totals: Figures }) | undefined;
  readonly breakdown: ReadonlyMap<string, Figures> | undefined;
}

/** Everything as of one moment. */
export async function readRevenue(knex: Knex, query: RevenueQuery): Promise<Revenue> {
  const { range, grouping, filter, compare, breakdown } = query;
  if (!compare && breakdown === undefined) {
    const found = await readFromCells(knex, query, await readDaysZone(knex));
    if (found !== undefined) return { range, ...found, previous: undefined, breakdown: undefined };
  }
  // The statements share a snapshot.
  return knex.transaction(
    async (transaction) => {
      const cursor = await readCursor(transaction);
      const { buckets, totals } = await readBuckets(transaction, { range, grouping, filter, cursor });
      const before = compare ? rangeBefore(range) : undefined;
      return {
        range,
        buckets,
        totals,
        previous: before && {
          ...before,
          totals: await readTotals(transaction, { range: before, filter, cursor }),
        },
        breakdown: breakdown && (await readBreakdown(transaction, { range, filter, cursor, key: breakdown })),
      };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

type Found = Pick<Revenue, 'buckets' | 'totals'>;

interface Reading extends Pick<RevenueQuery, 'range' | 'grouping' | 'filter'> {
  readonly cursor: Cursor;
}

async function readBuckets(transaction: Knex, { range, grouping, filter, cursor }: Reading): Promise<Found> {
  const found = await readFromCells(transaction, { range, grouping, filter }, cursor.timeZone);
  if (found !== undefined) return found;
  const cover = asFarAsKept(coverRange(range, grouping, cursor.timeZone), cursor);
  const usage = await readUsage(transaction, cover, { cursor, filter, key: 'bucket' });
  const callers = await readCallers(transaction, cover, { cursor, filter, key: 'bucket' });
  const credits = await readCredits(transaction, cover, cursor);
  const closed = await readClosed(transaction, { range, grouping, filter });
  return toBuckets(cover, closed, { usage, credits, callers: callers.by, everybody: callers.all });
}

/** Where each bucket is one cell of the tables, as nearly all that are asked for are. */
async function readFromCells(
  knex: Knex,
  { range, grouping, filter }: Omit<Reading, 'cursor'>,
  timeZone: string,
): Promise<Found | undefined> {
  if (!isOfAll(filter)) return undefined;
  const cover = coverRange(range, grouping, timeZone);
  if (!cover.single) return undefined;
  const days = cover.days.length > 0 ? cover : coverDays(range, timeZone);
  const cells = await readCells(knex, { cover, days, timeZone });
  // Closed days are never changed: they may be of a later moment.
  return cells && toBuckets(cover, await readClosed(knex, { range, grouping, filter }), cells);
}

type ClosedDays = ReadonlyMap<string, ClosedDay>;

/** What is kept of a day are its figures of all. */
async function readClosed(knex: Knex, { range, grouping, filter }: Omit<Reading, 'cursor'>): Promise<ClosedDays> {
  return grouping === 'day' && isOfAll(filter) ? readClosedDays(knex, range) : new Map<string, ClosedDay>();
}

function toBuckets({ buckets }: Cover, closed: ClosedDays, { usage, callers, everybody, credits }: Cells): Found {
  return {
    buckets: buckets.map((bucket, index) => {
      const key = String(index);
      return {
        bucket,
        figures: toFigures(usage.get(key), callers.get(key), credits.get(key)),
        asClosed: closed.get(`${bucket.startsMs} ${bucket.endsMs}`),
      };
    }),
    totals: toFigures(sumUsage(usage.values()), everybody, sumCredits(credits.values())),
  };
}

function coverRange(range: Range, grouping: Grouping, timeZone: string): Cover {
  return coverBuckets(cutIntoBuckets(range, grouping), { grouping, byDays: range.zone.name === timeZone });
}

/** What concerns the whole of a range comes from the daily tables, whatever the buckets are that were asked for. */
function coverDays({ fromMs, toMs, zone: asked }: Range, timeZone: string): Cover {
  const zone = asked.name === timeZone ? asked : openZone(timeZone);
  return coverBuckets(cutIntoBuckets({ fromMs, toMs, zone }, 'day'), { grouping: 'day', byDays: true });
}

/** Quarters that do not go as far as the rest are read from the rows. */
function asFarAsKept(cover: Cover, { quarters }: Cursor): Cover {
  return quarters ? cover : byRows(cover, 'quarters');
}

async function readTotals(transaction: Knex, { range, filter, cursor }: Omit<Reading, 'grouping'>): Promise<Figures> {
  const cover = asFarAsKept(coverDays(range, cursor.timeZone), cursor);
  const usage = await readUsage(transaction, cover, { cursor, filter, key: 'bucket' });
  const callers = await readCallers(transaction, cover, { cursor, filter, key: 'bucket' });
  const credits = await readCredits(transaction, cover, cursor);
  return toFigures(sumUsage(usage.values()), callers.all, sumCredits(credits.values()));
}

async function readBreakdown(
  transaction: Knex,
  { range, filter, cursor, key }: Omit<Reading, 'grouping'> & { readonly key: Exclude<Key, 'bucket'> },
): Promise<ReadonlyMap<string, Figures>> {
  const cover = asFarAsKept(coverDays(range, cursor.timeZone), cursor);
  const usage = await readUsage(transaction, cover, { cursor, filter, key });
  const callers = await readCallers(transaction, cover, { cursor, filter, key });
  return new Map(
    [...usage]
      .toSorted(([, one], [, other]) => other.sessions - one.sessions)
      .map(([name, figures]) => [name, toFigures(figures, callers.by.get(name), undefined)]),
  );
}
