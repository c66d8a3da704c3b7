import type { Knex } from 'knex';
import { z } from 'zod';
import { defineSetting } from '../platform/settings.ts';

/** For how many days what was said is kept, which a nightly job sees to; 0: for good. */
export const turnTextsKeptDays = defineSetting({
  key: 'retention.turn_text_days',
  schema: z.int().min(0).max(36_500),
  fallback: 365,
  unit: 'days',
  description: {
    en: 'What was said is erased so long after the call; 0: never',
    ru: 'Через сколько после звонка стирается сказанное; 0: никогда',
  },
});

/** At a time, so that no transaction is long. */
const BATCH = 1000;

/**
 * Blanks what was said in turns that were written before `before`, and what the tutor remembers of their calls; the rows
 * and their figures stay. Goes on where it was stopped when it is called again.
 * @returns how many turns
 */
export function eraseTurnTexts(knex: Knex, before: Date, signal?: AbortSignal): Promise<number> {
  return eraseTurns(knex, 'created_at < :before', { before }, signal);
}

/** The same of all calls of one learner, whenever they were. */
export async function eraseTurnTextsOf(knex: Knex, userId: string, signal?: AbortSignal): Promise<number> {
  const erased = await eraseTurns(
    knex,
    'call_id IN (SELECT id FROM calls WHERE user_account_id = :userId)',
    { userId },
    signal,
  );
  // Of calls in which nothing was said, too.
  await knex('calls').where('user_account_id', userId).whereNotNull('tutor_memory').update({ tutor_memory: null });
  return erased;
}

async function eraseTurns(
  knex: Knex,
  condition: string,
  bindings: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let erased = 0;
  for (;;) {
    if (signal?.aborted === true) return erased;
    const { rows } = await knex.raw<{ rows: { turns: number }[] }>(
      `WITH old AS (
         SELECT call_id, ordinal FROM call_turns WHERE erased_at IS NULL AND ${condition}
         ORDER BY created_at LIMIT :batch FOR UPDATE SKIP LOCKED
       ), blanked AS (
         UPDATE call_turns t SET text = '', heard_text = '', words = NULL, erased_at = clock_timestamp()
         FROM old WHERE t.call_id = old.call_id AND t.ordinal = old.ordinal
         RETURNING t.call_id
       ), forgotten AS (
         UPDATE calls SET tutor_memory = NULL
         WHERE id IN (SELECT call_id FROM blanked) AND tutor_memory IS NOT NULL AND status IN ('ended', 'finalized')
       )
       SELECT count(*)::integer AS turns FROM blanked`,
      { ...bindings, batch: BATCH },
    );
    const turns = rows[0]?.turns ?? 0;
    erased += turns;
    if (turns < BATCH) return erased;
  }
}
