import type { Knex } from 'knex';
import { selectRows } from './sql.ts';
import { BUCKET_GROWTH } from './turn-figures.ts';

/** How long a stage took, in ms: each value at most 2.5 % off. */
export interface Latency {
  readonly engine: string;
  readonly stage: string;
  readonly turns: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface LatencyReport {
  readonly days: readonly (Latency & { readonly day: string })[];
  /** Of the whole period. */
  readonly totals: readonly Latency[];
}

/** The days are the house's, both included. Engines by name: `yandex`, or several that served one turn, `openai+yandex`. */
export async function readLatency(
  knex: Knex,
  { fromDay, toDay }: { readonly fromDay: string; readonly toDay: string },
): Promise<LatencyReport> {
  const rows = await selectRows<Latency & { day: string | null }>(
    knex,
    // The value of rank ceil(p × turns), as its bucket stands for it.
    `WITH counts AS (
       SELECT period, engine, stage, bucket, sum(turns) AS turns, grouping(period) AS of_all
       FROM latency_daily WHERE period >= :fromDay::date AND period <= :toDay::date
       GROUP BY GROUPING SETS ((period, engine, stage, bucket), (engine, stage, bucket))
     ), ranked AS (
       SELECT period, engine, stage, bucket, of_all,
         sum(turns) OVER (PARTITION BY of_all, period, engine, stage ORDER BY bucket) AS reached,
         sum(turns) OVER (PARTITION BY of_all, period, engine, stage) AS turns
       FROM counts
     )
     SELECT CASE of_all WHEN 0 THEN period END AS day, engine, stage, max(turns)::bigint AS turns,
       ${[50, 95, 99].map((percent) => `${valueOf(`min(bucket) FILTER (WHERE reached >= ceil(turns * ${percent} / 100))`)} AS p${percent}`).join(', ')}
     FROM ranked GROUP BY of_all, period, engine, stage
     ORDER BY of_all, period, engine, stage`,
    { fromDay, toDay },
  );
  return {
    days: rows.flatMap(({ day, ...latency }) => (day === null ? [] : [{ day, ...latency }])),
    totals: rows.flatMap(({ day, ...latency }) => (day === null ? [latency] : [])),
  };
}

/** The middle of a bucket, as far from its bounds in proportion: 2 γ^b / (γ + 1). */
function valueOf(bucket: string): string {
  return `round((2 * power(${BUCKET_GROWTH}::float8, ${bucket}) / ${BUCKET_GROWTH + 1})::numeric, 1)::float8`;
}

/** What an engine did and cost. */
export interface EngineCost {
  readonly engine: string;
  /** What it was used as: stt, tutor, tts, speech_to_speech. */
  readonly kind: string;
  readonly turns: number;
  readonly audioInMs: number;
  readonly audioOutMs: number;
  readonly characters: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Millionths of a rouble. */
  readonly costMicroRub: number;
}

/** By engine and kind over the house's days, both included; the dearest first. */
export function readEngineCosts(
  knex: Knex,
  { fromDay, toDay }: { readonly fromDay: string; readonly toDay: string },
): Promise<EngineCost[]> {
  return selectRows<EngineCost>(
    knex,
    `SELECT engine, kind, sum(turns)::bigint AS turns, sum(audio_in_ms)::bigint AS "audioInMs",
       sum(audio_out_ms)::bigint AS "audioOutMs", sum(characters)::bigint AS characters,
       sum(input_tokens)::bigint AS "inputTokens", sum(output_tokens)::bigint AS "outputTokens",
       sum(cost_micro_rub)::bigint AS "costMicroRub"
     FROM engine_costs_daily WHERE period >= :fromDay::date AND period <= :toDay::date
     GROUP BY 1, 2 ORDER BY "costMicroRub" DESC, engine, kind`,
    { fromDay, toDay },
  );
}
