import { z } from 'zod';
import { writeCsv } from '../platform/csv.ts';
import { defineRoute, type Route } from '../platform/http.ts';
import type { AskedRevenue } from './asked.ts';
import { FIGURE_NAMES, figuresAnswer, toFiguresAnswer } from './figures-answer.ts';
import type { Figures } from './figures.ts';
import type { Revenue, RevenueBucket } from './revenue.ts';

/** PostgreSQL has no text with a NUL in it, and refuses to look for one. */
const partName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must hold no control characters');

/** `from_date` and the like are read further down, where each mistake has a code of its own. */
export const rangeQuery = {
  from_date: z
    .string()
    .max(40)
    .optional()
    .describe(
      'A date, or a date and time (in time_zone, or with its offset); 30 days of days or 7 of hours without it',
    ),
  to_date: z
    .string()
    .max(40)
    .optional()
    .describe('A date: that day is included. A date and time: excluded. Today without it'),
};

const revenueQuery = z.strictObject({
  ...rangeQuery,
  group_by: z.enum(['hour', 'day']).default('day'),
  time_zone: z.string().max(64).optional().describe('A name of the IANA database; the house’s zone without it'),
  engine: partName.optional().describe('Sessions that were served by this alone; deposits and gifts stay those of all'),
  language: partName.optional().describe('Sessions in this language alone; deposits and gifts stay those of all'),
  compare: z.enum(['previous']).optional().describe('Also the totals of the period before, of the same length'),
  breakdown: z.enum(['engine', 'language']).optional().describe('Also the totals of each'),
});

const revenueAnswer = z
  .object({
    grouping: z.enum(['hour', 'day']),
    time_zone: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime().describe('Excluded'),
    buckets: z
      .array(
        figuresAnswer.extend({
          period_start: z.iso
            .datetime({ local: true })
            .describe('As the clock of time_zone shows it; an hour that is shown twice has two buckets'),
          starts_at: z.iso.datetime().describe('The same in UTC, or where the asked range begins'),
          as_closed: figuresAnswer
            .extend({ closed_at: z.iso.datetime() })
            .nullable()
            .describe('Of a day: what was known of it when it was closed. Of all sessions: null for some of them'),
        }),
      )
      .describe('Of the whole range, without a gap'),
    totals: figuresAnswer,
    previous: z.object({ from: z.iso.datetime(), to: z.iso.datetime(), totals: figuresAnswer }).optional(),
    breakdown: z
      .array(figuresAnswer.extend({ name: z.string() }))
      .optional()
      .describe('The most sessions first. An engine is all that served a call, joined by +'),
  })
  .meta({ id: 'MinutesRevenue' });
type RevenueAnswer = z.output<typeof revenueAnswer>;

export const RANGE_ERRORS = ['date_invalid', 'range_reversed', 'range_too_long', 'time_zone_unknown'] as const;

export interface RevenueRoutesOptions {
  readonly revenue: (asked: AskedRevenue) => Promise<Revenue>;
  readonly today: () => Promise<Revenue>;
}

export function revenueRoutes({ revenue, today }: RevenueRoutesOptions): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/admin/analytics/revenue/minutes',
      summary: 'Minutes, sessions and revenue, by the hour or by the day',
      tag: 'analytics',
      access: ['admin', 'analyst', 'support'],
      query: revenueQuery,
      answer: revenueAnswer,
      errors: RANGE_ERRORS,
      formats: {
        csv: {
          mediaType: 'text/csv',
          fileName: ({ grouping, from, to }) => `revenue-by-${grouping}-${from.slice(0, 10)}-${to.slice(0, 10)}.csv`,
          write: toCsv,
        },
      },
      async handle({ query }) {
        const { group_by: grouping, compare, breakdown, engine, language } = query;
        const found = await revenue({
          fromDate: query.from_date,
          toDate: query.to_date,
          timeZone: query.time_zone,
          grouping,
          engine,
          language,
          compare: compare !== undefined,
          breakdown,
        });
        return toAnswer(found, grouping);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/admin/analytics/today',
      summary: 'The day so far by the hour, and yesterday up to the same time',
      description: 'The day is that of the house’s time zone.',
      tag: 'analytics',
      access: ['admin', 'analyst', 'support'],
      answer: revenueAnswer,
      handle: async () => toAnswer(await today(), 'hour'),
    }),
  ];
}

function toAnswer(found: Revenue, grouping: 'hour' | 'day'): RevenueAnswer {
  const { range, buckets, totals, previous, breakdown } = found;
  return {
    grouping,
    time_zone: range.zone.name,
    from: instant(range.fromMs),
    to: instant(range.toMs),
    buckets: buckets.map(toBucketAnswer),
    totals: toFiguresAnswer(totals),
    ...(previous && {
      previous: {
        from: instant(previous.fromMs),
        to: instant(previous.toMs),
        totals: toFiguresAnswer(previous.totals),
      },
    }),
    ...(breakdown && {
      breakdown: [...breakdown].map(toPartAnswer),
    }),
  };
}

function toBucketAnswer({ bucket, asClosed, figures }: RevenueBucket): RevenueAnswer['buckets'][number] {
  const shown = toFiguresAnswer(figures);
  return {
    period_start: bucket.label,
    starts_at: instant(bucket.startsMs),
    ...shown,
    as_closed: asClosed ? { ...asClosed.figures, closed_at: asClosed.closedAt.toISOString() } : null,
  };
}

function toPartAnswer([name, figures]: readonly [string, Figures]) {
  return { name, ...toFiguresAnswer(figures) };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function toCsv({ buckets }: RevenueAnswer): string {
  return writeCsv(
    ['period_start', 'starts_at', ...FIGURE_NAMES],
    buckets.map((bucket) => [bucket.period_start, bucket.starts_at, ...FIGURE_NAMES.map((figure) => bucket[figure])]),
  );
}
