import type { Knex } from 'knex';
import type { Route } from '../platform/http.ts';
import type { Logger } from '../platform/log.ts';
import { readSetting } from '../platform/settings.ts';
import { timeZoneSetting } from '../platform/time-zone.ts';
import type { AskedDays, AskedRevenue, Days, LatencyOfDays } from './asked.ts';
import { closeDays } from './close-days.ts';
import { readEngineCosts, readLatency, type EngineCost } from './latency.ts';
import { latencyRoutes } from './latency-routes.ts';
import { openZone, readLocalClock, type Zone } from './local-time.ts';
import { readRange, type RangeQuery } from './range.ts';
import { readRevenue, type Revenue } from './revenue.ts';
import { revenueRoutes } from './revenue-routes.ts';
import { readLag, rebuild, rollUp, type RollUpLag, type RollUpReport } from './rollup.ts';

export interface AnalyticsOptions {
  readonly knex: Knex;
  readonly log: Logger;
  /** The zone of the daily figures, in names of the IANA database; the house's setting by default. */
  readonly readTimeZone?: () => Promise<string>;
  /** Decides what is today. */
  readonly now?: () => Date;
}

export interface Analytics {
  readonly routes: Route[];
  /** @throws AppError `date_invalid`, `range_reversed`, `range_too_long`, `time_zone_unknown` */
  revenue(asked: AskedRevenue): Promise<Revenue>;
  /** p50, p95 and p99 of every stage by engine and day of the house. @throws as `revenue` */
  latency(asked: AskedDays): Promise<LatencyOfDays>;
  /** @throws as `revenue` */
  engineCosts(asked: AskedDays): Promise<Days & { readonly engines: readonly EngineCost[] }>;
  /** The house's day so far by the hour, and yesterday's figures up to the same time as `previous`. */
  today(): Promise<Revenue>;
  /** Adds what was committed since the last time. May be asked for at any time, from any process. */
  rollUp(): Promise<RollUpReport>;
  /** Counts everything anew, in one transaction. */
  rebuild(): Promise<RollUpReport>;
  /** Keeps the figures of the days that ended before `now`, as they are known now. Answers how many it closed. */
  closeDays(now: Date): Promise<number>;
  lag(): Promise<RollUpLag>;
}

/** Figures of the product's use and revenue. Does no I/O. */
export function createAnalytics(options: AnalyticsOptions): Analytics {
  const { knex, log, now = () => new Date() } = options;
  const readTimeZone = options.readTimeZone ?? (() => readSetting(knex, timeZoneSetting));

  const bringUpToDate = async (whenBusy?: 'wait'): Promise<RollUpReport> => {
    const report = await rollUp(knex, await readTimeZone(), whenBusy);
    if (report.rebuilt)
      log.warn({ ...report }, 'Counted the figures anew: they were of another time zone, or of an older process');
    return report;
  };

  const revenue = async (asked: AskedRevenue): Promise<Revenue> => {
    const { grouping, engine, language, breakdown, compare = false } = asked;
    const timeZone = asked.timeZone ?? (await readTimeZone());
    const range = readRange({ fromDate: asked.fromDate, toDate: asked.toDate, grouping, timeZone }, now());
    return readRevenue(knex, { range, grouping, filter: { engine, language }, compare, breakdown });
  };

  /** The house's days that a range touches. */
  const daysOf = async ({ fromDate, toDate }: AskedDays): Promise<Days> => {
    const query: RangeQuery = { fromDate, toDate, grouping: 'day', timeZone: await readTimeZone() };
    const { fromMs, toMs, zone } = readRange(query, now());
    const dayAt = (instantMs: number): string =>
      new Date(instantMs + zone.offset(instantMs)).toISOString().slice(0, 10);
    return { timeZone: zone.name, fromDay: dayAt(fromMs), toDay: dayAt(Math.max(fromMs, toMs - 1)) };
  };
  const latency = async (asked: AskedDays): Promise<LatencyOfDays> => {
    const days = await daysOf(asked);
    return { ...days, ...(await readLatency(knex, days)) };
  };
  const engineCosts = async (asked: AskedDays) => {
    const days = await daysOf(asked);
    return { ...days, engines: await readEngineCosts(knex, days) };
  };

  const today = async (): Promise<Revenue> => {
    const zone = openZone(await readTimeZone());
    const until = now();
    const range = { fromMs: startOfDay(until, zone), toMs: until.getTime(), zone };
    return readRevenue(knex, { range, grouping: 'hour', filter: {}, compare: true });
  };

  return {
    routes: [...revenueRoutes({ revenue, today }), ...latencyRoutes({ latency, engineCosts })],
    revenue,
    latency,
    engineCosts,
    today,
    rollUp: () => bringUpToDate(),
    rebuild: async () => rebuild(knex, await readTimeZone()),
    async closeDays(until) {
      // After days without a roll-up another process may be far from their end; what is kept now is kept for good.
      await bringUpToDate('wait');
      return closeDays(knex, { now: until, timeZone: await readTimeZone() });
    },
    lag: () => readLag(knex),
  };
}

function startOfDay(instant: Date, zone: Zone): number {
  const instantMs = instant.getTime();
  const clock = readLocalClock(zone, instantMs, instantMs);
  const localMs = instantMs + clock.offsetAt(instantMs);
  return clock.firstAt(localMs - (localMs % 86_400_000));
}
