import type { Knex } from 'knex';
import { selectOne, selectRows } from './sql.ts';

/**
 * Latencies are kept as counts in buckets whose bounds grow by 5 %: whatever value a bucket stands for is at most
 * (1.05 − 1) / (1.05 + 1), less than 2.5 %, from what was measured, and counts of any days can be added up
 * (DDSketch, https://arxiv.org/abs/1908.10693).
 */
export const BUCKET_GROWTH = 1.05;

const COST_FIGURES = [
  'turns',
  'audio_in_ms',
  'audio_out_ms',
  'characters',
  'input_tokens',
  'output_tokens',
  'cost_micro_rub',
] as const;

/**
 * Adds what turns have become since the last time, and takes off what they were before. A change is deleted in the
 * transaction that counts it, so none is counted twice. Answers how many changes there were.
 */
export async function addTurns(transaction: Knex.Transaction, timeZone: string): Promise<number> {
  const { changes } = await selectOne<{ changes: number }>(
    transaction,
    `WITH changed AS MATERIALIZED (
       DELETE FROM call_turn_changes RETURNING sign, created_at, engines, stages, usage_lines
     ), ${addTo('changed')}
     SELECT count(*) AS changes FROM changed`,
    { timeZone },
  );
  if (changes > 0) await dropEmpty(transaction);
  return changes;
}

/** The same figures from the turns themselves; whatever waits to be added is in them. One statement sees one moment. */
export async function recountTurns(transaction: Knex.Transaction, timeZone: string): Promise<void> {
  await selectRows(transaction, 'DELETE FROM latency_daily');
  await selectRows(transaction, 'DELETE FROM engine_costs_daily');
  await selectRows(
    transaction,
    `WITH gone AS (DELETE FROM call_turn_changes),
       turns AS MATERIALIZED (SELECT 1 AS sign, created_at, engines, stages, usage_lines FROM call_turns),
       ${addTo('turns')}
     SELECT`,
    { timeZone },
  );
}

/**
 * What is no figure counts as none: one turn that somebody wrote otherwise must not stop the figures of all. Rounded by
 * the line, sums come out the same in whatever steps they are added up.
 */
function addTo(turns: string): string {
  return `latencies AS (
       INSERT INTO latency_daily AS known (period, engine, stage, bucket, turns)
       SELECT (created_at AT TIME ZONE :timeZone)::date, coalesce(engine_label(engines), 'unknown'), stage.key,
         -- What took less than a millisecond is in the first bucket.
         ceil(ln(greatest(stage.value::numeric, 1)) / ln(${BUCKET_GROWTH}::numeric))::smallint, sum(sign)
       FROM ${turns}, jsonb_each(CASE jsonb_typeof(stages) WHEN 'object' THEN stages END) stage
       WHERE jsonb_typeof(stage.value) = 'number'
       GROUP BY 1, 2, 3, 4
       ON CONFLICT (period, engine, stage, bucket) DO UPDATE SET turns = known.turns + excluded.turns
     ), costs AS (
       INSERT INTO engine_costs_daily AS known (period, engine, kind, ${COST_FIGURES.join(', ')})
       SELECT (created_at AT TIME ZONE :timeZone)::date, line ->> 'engine', line ->> 'kind', sum(sign),
         ${COST_FIGURES.slice(1)
           .map(
             (name) =>
               `sum(sign * CASE jsonb_typeof(line -> '${name}') WHEN 'number' THEN round((line ->> '${name}')::numeric) ELSE 0 END)`,
           )
           .join(', ')}
       FROM ${turns}, jsonb_array_elements(CASE jsonb_typeof(usage_lines) WHEN 'array' THEN usage_lines END) line
       WHERE line ->> 'engine' IS NOT NULL AND line ->> 'kind' IS NOT NULL
       GROUP BY 1, 2, 3
       ON CONFLICT (period, engine, kind) DO UPDATE SET
         ${COST_FIGURES.map((name) => `${name} = known.${name} + excluded.${name}`).join(', ')}
     )`;
}

async function dropEmpty(transaction: Knex.Transaction): Promise<void> {
  await selectRows(transaction, 'DELETE FROM latency_daily WHERE turns = 0');
  await selectRows(transaction, 'DELETE FROM engine_costs_daily WHERE turns = 0');
}
