import { readLocalClock, type LocalClock, type Zone } from './local-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export type Grouping = 'hour' | 'day';

/** A stretch of time that figures are summed up over: a local hour or day, or what the asked range leaves of one. */
export interface Bucket {
  /** What the clock shows where it begins, were it whole: `2025-12-01T00:00:00`. */
  readonly label: string;
  readonly startsMs: number;
  /** Not in it any more; where the next one begins. */
  readonly endsMs: number;
  /** All of the local hour or day. */
  readonly whole: boolean;
}

/**
 * The buckets of a range, without a gap. An hour that the clock shows twice is two buckets of one label; a day has as
 * many hours as it has.
 */
export function cutIntoBuckets(
  { fromMs, toMs, zone }: { readonly fromMs: number; readonly toMs: number; readonly zone: Zone },
  grouping: Grouping,
): Bucket[] {
  if (fromMs >= toMs) return [];
  const clock = readLocalClock(zone, fromMs, toMs);
  const cuts = grouping === 'day' ? cutDays(clock, fromMs, toMs) : cutHours(clock, fromMs, toMs);
  return cuts.map(({ localMs, startsMs, endsMs }) => ({
    label: new Date(localMs).toISOString().slice(0, 19),
    startsMs: Math.max(fromMs, startsMs),
    endsMs: Math.min(toMs, endsMs),
    whole: fromMs <= startsMs && endsMs <= toMs,
  }));
}

interface Cut {
  readonly localMs: number;
  readonly startsMs: number;
  readonly endsMs: number;
}

function cutDays(clock: LocalClock, fromMs: number, toMs: number): Cut[] {
  const cuts: Cut[] = [];
  let localMs = Math.floor((fromMs + clock.offsetAt(fromMs)) / DAY_MS) * DAY_MS;
  let startsMs = clock.firstAt(localMs);
  while (startsMs < toMs) {
    const endsMs = clock.firstAt(localMs + DAY_MS);
    // A zone that crosses the date line skips a day.
    if (endsMs > startsMs) cuts.push({ localMs, startsMs, endsMs });
    startsMs = endsMs;
    localMs += DAY_MS;
  }
  return cuts;
}

function cutHours({ stretches }: LocalClock, fromMs: number, toMs: number): Cut[] {
  const cuts: Cut[] = [];
  for (const [index, stretch] of stretches.entries()) {
    const endsMs = Math.min(toMs, stretches[index + 1]?.startsMs ?? toMs);
    let atMs = Math.max(fromMs, stretch.startsMs);
    while (atMs < endsMs) {
      const localMs = Math.floor((atMs + stretch.offsetMs) / HOUR_MS) * HOUR_MS;
      const startsMs = Math.max(stretch.startsMs, localMs - stretch.offsetMs);
      const nextMs = Math.min(localMs + HOUR_MS - stretch.offsetMs, stretches[index + 1]?.startsMs ?? Infinity);
      cuts.push({ localMs, startsMs, endsMs: nextMs });
      atMs = nextMs;
    }
  }
  return cuts;
}
