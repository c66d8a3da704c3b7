import type { Knex } from 'knex';
import { selectOne } from './sql.ts';
import { bindingsOf, DAY_OF_QUARTER, HOUR_OF_QUARTER, QUARTER, type Span } from './usage-figures.ts';

export const CREDIT_FIGURES = [
  'credits',
  'credited_hundredths',
  'credited_kopecks',
  'debits',
  'debited_hundredths',
  'debited_kopecks',
] as const;

/**
 * The ledger's rows but usage, by the kind of credit: a reversal counts, as a debit, for the kind that it takes back.
 * Money is what was paid for a lot, and what the minutes that were taken from lots had cost.
 */
export const LEDGER_ROWS = `
  SELECT w.created_at, w.xid,
    CASE coalesce(original.type, w.type)
      WHEN 'referral_reward' THEN 'referral' WHEN 'referral_welcome' THEN 'referral'
      ELSE coalesce(original.type, w.type)
    END AS kind,
    (w.minutes_delta > 0)::integer AS credits,
    greatest(w.minutes_delta::numeric, 0) * 100 AS credited_hundredths,
    coalesce((SELECT price_kopecks FROM wallet_lots WHERE wallet_transaction_id = w.id), 0) AS credited_kopecks,
    (w.minutes_delta < 0)::integer AS debits,
    greatest(-w.minutes_delta::numeric, 0) * 100 AS debited_hundredths,
    coalesce((SELECT sum(amount_kopecks) FROM wallet_lot_allocations WHERE wallet_transaction_id = w.id), 0)
      AS debited_kopecks
  FROM wallet_transactions w LEFT JOIN wallet_transactions original ON original.id = w.reverses_id
  WHERE w.type <> 'usage'`;

/** Adds the span's credits, and what was taken back, to the figures of quarters, hours and days. Answers how many rows they were. */
export async function addCredits(transaction: Knex.Transaction, span: Span): Promise<number> {
  const { rows } = await selectOne<{ rows: number }>(
    transaction,
    `WITH fresh AS MATERIALIZED (
       SELECT ${QUARTER} AS quarter, kind,
         ${CREDIT_FIGURES.map((name) => `sum(${name})::bigint AS ${name}`).join(', ')}
       FROM (${LEDGER_ROWS} AND w.xid >= :from::xid8 AND w.xid < :until::xid8) ledger
       GROUP BY 1, 2
     ), quarterly AS (${addFigures('credits_quarterly', 'quarter')}
     ), hourly AS (${addFigures('credits_hourly', HOUR_OF_QUARTER)}
     ), daily AS (${addFigures('credits_daily', DAY_OF_QUARTER)}
     )
     SELECT coalesce(sum(credits + debits), 0)::bigint AS rows FROM fresh`,
    bindingsOf(span),
  );
  return rows;
}

function addFigures(table: string, period: string): string {
  return `
       INSERT INTO ${table} AS known (period, kind, ${CREDIT_FIGURES.join(', ')})
       SELECT ${period}, kind, ${CREDIT_FIGURES.map((name) => `sum(${name})`).join(', ')} FROM fresh GROUP BY 1, 2
       ON CONFLICT (period, kind) DO UPDATE SET
         ${CREDIT_FIGURES.map((name) => `${name} = known.${name} + excluded.${name}`).join(', ')}`;
}
