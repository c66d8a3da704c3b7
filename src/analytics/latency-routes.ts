import { z } from 'zod';
import { writeCsv } from '../platform/csv.ts';
import { defineRoute, type Route } from '../platform/http.ts';
import type { AskedDays, Days, LatencyOfDays } from './asked.ts';
import type { EngineCost, Latency } from './latency.ts';
import { RANGE_ERRORS, rangeQuery } from './revenue-routes.ts';

const DAYS = 'Days are those of the house’s time zone, all that the asked range touches.';
const daysQuery = z.strictObject(rangeQuery);

const ms = z.number().describe('Milliseconds, at most 2.5 % off');

const latency = z.object({
  engine: z.string().describe('All that served the turn, joined by +'),
  stage: z
    .string()
    .describe('Counted from the end of the learner’s speech; stop: from the beginning of an interruption'),
  turns: z.int(),
  p50_ms: ms,
  p95_ms: ms,
  p99_ms: ms,
});

const cost = z.object({
  engine: z.string(),
  kind: z.string(),
  turns: z.int(),
  audio_in_seconds: z.number(),
  audio_out_seconds: z.number(),
  characters: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_rub: z.number().describe('At the prices of the moment'),
});

const days = { time_zone: z.string(), from_date: z.iso.date(), to_date: z.iso.date().describe('Included') };

const latencyAnswer = z
  .object({
    ...days,
    days: z.array(latency.extend({ day: z.iso.date() })),
    totals: z.array(latency).describe('Of the whole period'),
  })
  .meta({ id: 'Latency' });
type LatencyAnswer = z.output<typeof latencyAnswer>;

const costsAnswer = z.object({ ...days, engines: z.array(cost) }).meta({ id: 'EngineCosts' });
type CostsAnswer = z.output<typeof costsAnswer>;

export interface LatencyRoutesOptions {
  readonly latency: (asked: AskedDays) => Promise<LatencyOfDays>;
  readonly engineCosts: (asked: AskedDays) => Promise<Days & { readonly engines: readonly EngineCost[] }>;
}

export function latencyRoutes(options: LatencyRoutesOptions): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/admin/analytics/latency',
      summary: 'How long each stage of an answer took, by engine and day',
      description: DAYS,
      tag: 'analytics',
      access: ['admin', 'analyst', 'support'],
      query: daysQuery,
      answer: latencyAnswer,
      errors: RANGE_ERRORS,
      formats: {
        csv: {
          mediaType: 'text/csv',
          fileName: ({ from_date: from, to_date: to }) => `latency-${from}-${to}.csv`,
          write: latencyToCsv,
        },
      },
      async handle({ query }) {
        const found = await options.latency({ fromDate: query.from_date, toDate: query.to_date });
        return {
          time_zone: found.timeZone,
          from_date: found.fromDay,
          to_date: found.toDay,
          days: found.days.map((entry) => ({ day: entry.day, ...toAnswer(entry) })),
          totals: found.totals.map(toAnswer),
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/admin/analytics/engines',
      summary: 'What each engine did and cost',
      description: DAYS,
      tag: 'analytics',
      access: ['admin', 'analyst'],
      query: daysQuery,
      answer: costsAnswer,
      errors: RANGE_ERRORS,
      formats: {
        csv: {
          mediaType: 'text/csv',
          fileName: ({ from_date: from, to_date: to }) => `engines-${from}-${to}.csv`,
          write: costsToCsv,
        },
      },
      async handle({ query }) {
        const found = await options.engineCosts({ fromDate: query.from_date, toDate: query.to_date });
        return {
          time_zone: found.timeZone,
          from_date: found.fromDay,
          to_date: found.toDay,
          engines: found.engines.map((entry) => ({
            engine: entry.engine,
            kind: entry.kind,
            turns: entry.turns,
            audio_in_seconds: entry.audioInMs / 1000,
            audio_out_seconds: entry.audioOutMs / 1000,
            characters: entry.characters,
            input_tokens: entry.inputTokens,
            output_tokens: entry.outputTokens,
            cost_rub: Math.round(entry.costMicroRub / 10_000) / 100,
          })),
        };
      },
    }),
  ];
}

function toAnswer({ engine, stage, turns, p50, p95, p99 }: Latency): z.output<typeof latency> {
  return { engine, stage, turns, p50_ms: p50, p95_ms: p95, p99_ms: p99 };
}

function latencyToCsv({ days: rows }: LatencyAnswer): string {
  return writeCsv(
    ['day', 'engine', 'stage', 'turns', 'p50_ms', 'p95_ms', 'p99_ms'],
    rows.map((row) => [row.day, row.engine, row.stage, row.turns, row.p50_ms, row.p95_ms, row.p99_ms]),
  );
}

function costsToCsv({ engines }: CostsAnswer): string {
  const names = Object.keys(cost.shape) as (keyof (typeof cost)['shape'])[];
  return writeCsv(
    names,
    engines.map((row) => names.map((field) => row[field])),
  );
}
