import type { Bucket, Grouping } from './buckets.ts';

const HOUR_MS = 3_600_000;

/** A range of time, the end excluded. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Where the figures of buckets come from, each moment from one place: whole days of the daily tables, where days begin
 * as there; whole hours of the hourly ones; and from the rows themselves what is left of the hours that a bucket's edge
 * cuts (a range that begins at 10:07, a zone that is half an hour off).
 */
export interface Cover {
  readonly buckets: readonly Bucket[];
  /** Labels of days, in order; the first belongs to the bucket of number `firstDay` (from 0). */
  readonly days: readonly string[];
  readonly firstDay: number;
  readonly hours: readonly Stretch[];
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
  const rows: Stretch[] = [];
  for (const bucket of buckets) {
    if (isDay(bucket)) continue;
    const { startsMs, endsMs } = bucket;
    const fromMs = Math.min(endsMs, Math.ceil(startsMs / HOUR_MS) * HOUR_MS);
    const toMs = Math.max(fromMs, Math.floor(endsMs / HOUR_MS) * HOUR_MS);
    add(rows, { fromMs: startsMs, toMs: fromMs });
    add(hours, { fromMs, toMs });
    add(rows, { fromMs: toMs, toMs: endsMs });
  }
  return {
    buckets,
    days: buckets.filter(isDay).map(({ label }) => label.slice(0, 10)),
    firstDay: buckets.findIndex(isDay),
    hours,
    rows,
    single:
      rows.length === 0 && buckets.every((bucket) => isDay(bucket) || bucket.endsMs - bucket.startsMs === HOUR_MS),
  };
}

/** The same, with rows instead of the hourly tables. */
export function byRows(cover: Cover): Cover {
  const rows: Stretch[] = [];
  for (const stretch of [...cover.hours, ...cover.rows].toSorted((one, other) => one.fromMs - other.fromMs)) {
    add(rows, stretch);
  }
  return { ...cover, hours: [], rows, single: rows.length === 0 && cover.single };
}

/** Stretches that touch become one. */
function add(stretches: Stretch[], { fromMs, toMs }: Stretch): void {
  if (fromMs >= toMs) return;
  const last = stretches.at(-1);
  if (last?.toMs === fromMs) stretches[stretches.length - 1] = { fromMs: last.fromMs, toMs };
  else stretches.push({ fromMs, toMs });
}
