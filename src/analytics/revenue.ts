import type { Knex } from 'knex';
import { cutIntoBuckets, type Bucket, type Grouping } from './buckets.ts';
import { readClosedDays, type ClosedDay } from './closed-days.ts';
import { coverBuckets, type Cover } from './cover.ts';
import { sumCredits, sumUsage, toFigures, type Figures } from './figures.ts';
import { openZone } from './local-time.ts';
import { rangeBefore, type Range } from './range.ts';
import { isOfAll, readCursor, type Cursor, type Filter, type Key } from './places.ts';
import { countEverybody, readCallers, type CallerCounts } from './read-callers.ts';
import { readCredits, readUsage, type CountedUsage } from './read-figures.ts';

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

/** Everything as of one moment: the statements share a snapshot. */
export function readRevenue(knex: Knex, query: RevenueQuery): Promise<Revenue> {
  return knex.transaction(
    async (transaction) => {
      const { range, grouping, filter, compare, breakdown } = query;
      const cursor = await readCursor(transaction);
      const { buckets, totals } = await readBuckets(transaction, { range, grouping, filter, cursor });
      const before = compare ? rangeBefore(range) : undefined;
      return {
        range,
        buckets,
        totals,
        previous: before && {
          ...before,
          totals: (await readBuckets(transaction, { range: before, grouping, filter, cursor })).totals,
        },
        breakdown: breakdown && (await readBreakdown(transaction, { range, filter, cursor, key: breakdown })),
      };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

interface Reading extends Pick<RevenueQuery, 'range' | 'grouping' | 'filter'> {
  readonly cursor: Cursor;
}

async function readBuckets(
  transaction: Knex,
  { range, grouping, filter, cursor }: Reading,
): Promise<Pick<Revenue, 'buckets' | 'totals'>> {
  const buckets = cutIntoBuckets(range, grouping);
  const cover = coverBuckets(buckets, { grouping, byDays: range.zone.name === cursor.timeZone });
  const usage = await readUsage(transaction, cover, { cursor, filter, key: 'bucket' });
  const callers =
    (await readCountedCallers(transaction, usage, { range, cover, cursor })) ??
    (await readCallers(transaction, cover, { cursor, filter, key: 'bucket' }));
  const credits = await readCredits(transaction, cover, cursor);
  // What was kept of a day are its figures of all.
  const closed =
    grouping === 'day' && isOfAll(filter) ? await readClosedDays(transaction, range) : new Map<string, ClosedDay>();
  return {
    buckets: buckets.map((bucket, index) => {
      const key = String(index);
      return {
        bucket,
        figures: toFigures(usage.get(key), callers.by.get(key), credits.get(key)),
        asClosed: closed.get(`${bucket.startsMs} ${bucket.endsMs}`),
      };
    }),
    totals: toFigures(sumUsage(usage.values()), callers.all, sumCredits(credits.values())),
  };
}

/** As the cells of the tables know them, without a look at their sets; `undefined` where figures are put together. */
async function readCountedCallers(
  transaction: Knex,
  usage: ReadonlyMap<string, CountedUsage>,
  { range, cover, cursor }: { readonly range: Range; readonly cover: Cover; readonly cursor: Cursor },
): Promise<CallerCounts | undefined> {
  const by = new Map<string, number>();
  for (const [key, { callers }] of usage) {
    if (callers === null) return undefined;
    by.set(key, callers);
  }
  const days = cover.days.length > 0 ? cover : coverDays(range, cursor);
  return { by, all: by.size === 0 ? 0 : await countEverybody(transaction, days, cursor) };
}

/** What concerns the whole of a range comes from the daily tables, whatever the buckets are that were asked for. */
function coverDays({ fromMs, toMs, zone: asked }: Range, { timeZone }: Cursor): Cover {
  const zone = asked.name === timeZone ? asked : openZone(timeZone);
  return coverBuckets(cutIntoBuckets({ fromMs, toMs, zone }, 'day'), { grouping: 'day', byDays: true });
}

async function readBreakdown(
  transaction: Knex,
  { range, filter, cursor, key }: Omit<Reading, 'grouping'> & { readonly key: Exclude<Key, 'bucket'> },
): Promise<ReadonlyMap<string, Figures>> {
  const cover = coverDays(range, cursor);
  const usage = await readUsage(transaction, cover, { cursor, filter, key });
  const callers = await readCallers(transaction, cover, { cursor, filter, key });
  return new Map(
    [...usage]
      .toSorted(([, one], [, other]) => other.sessions - one.sessions)
      .map(([name, figures]) => [name, toFigures(figures, callers.by.get(name), undefined)]),
  );
}
