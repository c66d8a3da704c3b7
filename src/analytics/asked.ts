import type { Grouping } from './buckets.ts';
import type { LatencyReport } from './latency.ts';

/** Dates or date-times, as in `RangeQuery`. */
export interface AskedDays {
  readonly fromDate?: string | undefined;
  readonly toDate?: string | undefined;
}

export interface AskedRevenue extends AskedDays {
  readonly grouping: Grouping;
  /** The house's without it. */
  readonly timeZone?: string | undefined;
  readonly engine?: string | undefined;
  readonly language?: string | undefined;
  /** Also the totals of the period before. */
  readonly compare?: boolean;
  readonly breakdown?: 'engine' | 'language' | undefined;
}

export interface Days {
  readonly timeZone: string;
  readonly fromDay: string;
  /** Included. */
  readonly toDay: string;
}

export type LatencyOfDays = LatencyReport & Days;
