import type { Knex } from 'knex';
import type { Route } from '../platform/http.ts';
import type { Logger } from '../platform/log.ts';
import { readSetting } from '../platform/settings.ts';
import { timeZoneSetting } from '../platform/time-zone.ts';
import { closeDays } from './closed-days.ts';
import { readLag, rebuild, rollUp, type RollUpLag, type RollUpReport } from './rollup.ts';

export interface AnalyticsOptions {
  readonly knex: Knex;
  readonly log: Logger;
  /** The zone of the daily figures, in names of the IANA database; the house's setting by default. */
  readonly readTimeZone?: () => Promise<string>;
}

export interface Analytics {
  readonly routes: Route[];
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
  const { knex, log } = options;
  const readTimeZone = options.readTimeZone ?? (() => readSetting(knex, timeZoneSetting));
  const bringUpToDate = async (): Promise<RollUpReport> => {
    const report = await rollUp(knex, await readTimeZone());
    if (report.rebuilt) log.warn({ ...report }, 'Counted the figures anew for another time zone');
    return report;
  };
  return {
    routes: [],
    rollUp: bringUpToDate,
    rebuild: async () => rebuild(knex, await readTimeZone()),
    async closeDays(now) {
      await bringUpToDate();
      return closeDays(knex, { now, timeZone: await readTimeZone() });
    },
    lag: () => readLag(knex),
  };
}
