import type { Bucket, Grouping } from './buckets.ts';

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;

/** A range of time, the end excluded. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Where the figures of buckets come from, each moment from one place: whole days of the daily tables, where days begin
 * as there; whole hours of the hourly ones; of the hours that a bucket's edge cuts (in a zone that is half an hour off) the
 * whole quarters; and from the rows themselves what is left of a quarter that is cut (a range that begins at 10:07).
 */
export interface Cover {
  readonly buckets: readonly Bucket[];
  /** Labels of days, in order; the first belongs to the bucket of number `firstDay` (from 0). */
  readonly days: readonly string[];
  readonly firstDay: number;
  readonly hours: readonly Stretch[];
  readonly quarters: readonly Stretch[];
  readonly rows: readonly Stretch[];
  /** Each bucket is one day or one hour of the tables. */
  readonly single: boolean;
}

export function coverBuckets(
  buckets: readonly Bucket[],
  { grouping, byDays }: { readonly grouping: Grouping; readonly byDays: boolean },
): Cover {
  const isDay = ({ whole }: Bucket): boolean => grouping === 'day' && byDays && whole;
  const hours: Stretch[] = [];
  const quarters: Stretch[] = [];
  const rows: Stretch[] = [];
  for (const bucket of buckets) {
    if (isDay(bucket)) continue;
    const byHours = cut({ fromMs: bucket.startsMs, toMs: bucket.endsMs }, HOUR_MS);
    add(hours, byHours.whole);
    for (const rest of [byHours.before, byHours.after]) {
      const byQuarters = cut(rest, QUARTER_MS);
      add(rows, byQuarters.before);
      add(quarters, byQuarters.whole);
      add(rows, byQuarters.after);
    }
  }
  return {
    buckets,
    days: buckets.filter(isDay).map(({ label }) => label.slice(0, 10)),
    firstDay: buckets.findIndex(isDay),
    hours,
    quarters,
    rows,
    single:
      quarters.length === 0 &&
      rows.length === 0 &&
      buckets.every((bucket) => isDay(bucket) || bucket.endsMs - bucket.startsMs === HOUR_MS),
  };
}

/** The same, with rows instead of the tables of hours or quarters. */
export function byRows(cover: Cover, ...tables: readonly ('hours' | 'quarters')[]): Cover {
  const rows: Stretch[] = [];
  const moved = [...cover.rows, ...tables.flatMap((table) => cover[table])];
  for (const stretch of moved.toSorted((one, other) => one.fromMs - other.fromMs)) add(rows, stretch);
  const emptied = Object.fromEntries(tables.map((table) => [table, []]));
  return { ...cover, ...emptied, rows, single: rows.length === 0 && cover.single };
}

/** A stretch at full units since 1970; nothing is whole of one that lies within a unit. */
function cut({ fromMs, toMs }: Stretch, unitMs: number): Readonly<Record<'before' | 'whole' | 'after', Stretch>> {
  const firstMs = Math.min(toMs, Math.ceil(fromMs / unitMs) * unitMs);
  const lastMs = Math.max(firstMs, Math.floor(toMs / unitMs) * unitMs);
  return {
    before: { fromMs, toMs: firstMs },
    whole: { fromMs: firstMs, toMs: lastMs },
    after: { fromMs: lastMs, toMs },
  };
}

/** Stretches that touch become one. */
function add(stretches: Stretch[], { fromMs, toMs }: Stretch): void {
  if (fromMs >= toMs) return;
  const last = stretches.at(-1);
  if (last?.toMs === fromMs) stretches[stretches.length - 1] = { fromMs: last.fromMs, toMs };
  else stretches.push({ fromMs, toMs });
}
