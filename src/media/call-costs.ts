import type { Knex } from 'knex';
import { z } from 'zod';

/** What one engine did for a call, and what that cost at the prices of its moment. */
export const callCostAnswer = z
  .object({
    engine: z.string(),
    kind: z.string().describe('stt, tutor, tts or s2s'),
    audio_in_seconds: z.number(),
    audio_out_seconds: z.number(),
    characters: z.int(),
    input_tokens: z.int(),
    output_tokens: z.int(),
    cost_rub: z.number(),
  })
  .meta({ id: 'CallCost' });

const FIGURES = [
  'audio_in_ms',
  'audio_out_ms',
  'characters',
  'input_tokens',
  'output_tokens',
  'cost_micro_rub',
] as const;
type Row = Readonly<Record<'engine' | 'kind' | (typeof FIGURES)[number], string>>;

/** Of all turns of a call, by engine and kind, the dearest first; and their sum. */
export async function readCallCosts(
  knex: Knex,
  callId: string,
): Promise<{ readonly cost_rub: number; readonly costs: z.output<typeof callCostAnswer>[] }> {
  const sums = FIGURES.map((name) => `sum(coalesce((line ->> '${name}')::numeric, 0))::bigint AS ${name}`);
  const { rows } = await knex.raw<{ readonly rows: readonly Row[] }>(
    `SELECT line ->> 'engine' AS engine, line ->> 'kind' AS kind, ${sums.join(', ')}
     FROM call_turns, jsonb_array_elements(usage_lines) line WHERE call_id = :callId
     GROUP BY 1, 2 ORDER BY cost_micro_rub DESC, engine, kind`,
    { callId },
  );
  return {
    cost_rub: roubles(rows.reduce((sum, row) => sum + Number(row.cost_micro_rub), 0)),
    costs: rows.map((row) => ({
      engine: row.engine,
      kind: row.kind,
      audio_in_seconds: Number(row.audio_in_ms) / 1_000,
      audio_out_seconds: Number(row.audio_out_ms) / 1_000,
      characters: Number(row.characters),
      input_tokens: Number(row.input_tokens),
      output_tokens: Number(row.output_tokens),
      cost_rub: roubles(Number(row.cost_micro_rub)),
    })),
  };
}

/** To kopecks. */
function roubles(micro: number): number {
  return Math.round(micro / 10_000) / 100;
}
