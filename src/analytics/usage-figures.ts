import type { Knex } from 'knex';
import { selectOne, selectRows } from './sql.ts';

/** The rows of transactions `from <= xid < until`, whose days begin where `timeZone` says. */
export interface Span {
  readonly from: string;
  readonly until: string;
  readonly timeZone: string;
}

export function bindingsOf({ from, until, timeZone }: Span): Record<string, string> {
  return { from, until, timeZone };
}

/**
 * The quarter of an hour that a row is of. Each hour, and each day of any zone (all have been whole quarters from UTC
 * since 1972), consists of quarters: rows are looked at once, and the rest is made of what they come to.
 */
export const QUARTER = "date_bin('15 minutes', created_at, '2000-01-01Z')";
export const HOUR_OF_QUARTER = "date_bin('1 hour', quarter, '2000-01-01Z')";
export const DAY_OF_QUARTER = '(quarter AT TIME ZONE :timeZone)::date';

export const CALLERS_PER_CHUNK = 4096;

const FIGURES = [
  'sessions',
  'billed_minutes',
  'talked_sec',
  'list_kopecks',
  'recognized_kopecks',
  'free_hundredths',
] as const;

const SUMS = FIGURES.map((name) => `sum(${name})::bigint AS ${name}`).join(', ');
const ADD_EACH = FIGURES.map((name) => `${name} = known.${name} + excluded.${name}`).join(', ');

/**
 * Adds the sessions of the span to the figures of quarters, hours and days. Answers how many they were. Their callers must
 * have been added before, for each cell says how many there are.
 */
export async function addUsage(transaction: Knex.Transaction, span: Span): Promise<number> {
  const { sessions } = await selectOne<{ sessions: number }>(
    transaction,
    `WITH quarters AS MATERIALIZED (
       SELECT ${QUARTER} AS quarter, engine, language, count(*) AS sessions, sum(billed_minutes) AS billed_minutes,
         sum(duration_sec) AS talked_sec, (sum(billed_amount_rub::numeric) * 100)::bigint AS list_kopecks,
         sum(recognized_kopecks)::bigint AS recognized_kopecks,
         (sum(free_minutes::numeric) * 100)::bigint AS free_hundredths
       FROM usage_sessions WHERE xid >= :from::xid8 AND xid < :until::xid8
       GROUP BY 1, 2, 3
     ), fresh AS MATERIALIZED (
       SELECT ${HOUR_OF_QUARTER} AS hour, ${DAY_OF_QUARTER} AS day, engine, language, ${SUMS}
       FROM quarters GROUP BY 1, 2, 3, 4
     ), quarterly AS (
       INSERT INTO revenue_quarterly AS known (period, ${FIGURES.join(', ')})
       SELECT quarter, ${SUMS} FROM quarters GROUP BY 1 ORDER BY 1
       ON CONFLICT (period) DO UPDATE SET ${ADD_EACH}
     ), hourly AS (${addFigures('revenue_hourly', { period: 'hour', sets: 'callers_hourly WHERE true' })}
     ), daily AS (${addFigures('revenue_daily', { period: 'day', sets: "callers_daily WHERE engine = '*' AND language = '*'" })}
     )
     SELECT coalesce(sum(sessions), 0)::bigint AS sessions FROM fresh`,
    bindingsOf(span),
  );
  return sessions;
}

/**
 * Sums "fresh" by the period, each cell beside the sum over all engines and languages, and adds that to the table. In
 * the order of the questions: what is read together then lies together.
 */
function addFigures(
  table: string,
  { period, sets }: { readonly period: 'hour' | 'day'; readonly sets: string },
): string {
  return `
       INSERT INTO ${table} AS known (period, engine, language, ${FIGURES.join(', ')}, callers)
       SELECT ${period}, coalesce(engine, '*'), coalesce(language, '*'), ${FIGURES.join(', ')},
         CASE WHEN engine IS NULL THEN (SELECT sum(bit_count(members)) FROM ${sets} AND period = ${period}) END
       FROM (
         SELECT ${period}, engine, language, ${SUMS}
         FROM fresh GROUP BY GROUPING SETS ((${period}, engine, language), (${period}))
       ) summed ORDER BY 2, 3, 1
       ON CONFLICT (engine, language, period) DO UPDATE SET ${ADD_EACH}, callers = excluded.callers`;
}

/** Adds the people who called to the sets of quarters, hours and days. */
export async function addCallers(transaction: Knex.Transaction, span: Span): Promise<void> {
  // The cursor's lock is held: nobody else gives numbers.
  await selectRows(
    transaction,
    `INSERT INTO analytics_callers (user_account_id, number)
     SELECT user_account_id, (SELECT coalesce(max(number), -1) FROM analytics_callers)
       + row_number() OVER (ORDER BY user_account_id)
     FROM (
       SELECT DISTINCT user_account_id FROM usage_sessions WHERE xid >= :from::xid8 AND xid < :until::xid8
     ) fresh
     WHERE NOT EXISTS (SELECT FROM analytics_callers known WHERE known.user_account_id = fresh.user_account_id)`,
    bindingsOf(span),
  );
  const add = 'ON CONFLICT (period, chunk) DO UPDATE SET members = known.members | excluded.members';
  await selectRows(
    transaction,
    `WITH fresh AS MATERIALIZED (
       SELECT ${QUARTER} AS quarter, engine, language, number
       FROM usage_sessions JOIN analytics_callers USING (user_account_id)
       WHERE xid >= :from::xid8 AND xid < :until::xid8
     ), quarters AS MATERIALIZED (
       SELECT quarter, ${chunkOf('number')} AS chunk, ${setOf('number')} AS members FROM fresh GROUP BY 1, 2
     ), days AS MATERIALIZED (
       SELECT quarter, ${DAY_OF_QUARTER} AS day FROM quarters GROUP BY 1
     ), parts AS MATERIALIZED (
       SELECT day, engine, language, ${chunkOf('number')} AS chunk, ${setOf('number')} AS members
       FROM fresh JOIN days USING (quarter) GROUP BY 1, 2, 3, 4
     ), quarterly AS (
       INSERT INTO callers_quarterly AS known (period, chunk, members)
       SELECT quarter, chunk, members FROM quarters ORDER BY 1, 2 ${add}
     ), hourly AS (
       INSERT INTO callers_hourly AS known (period, chunk, members)
       SELECT ${HOUR_OF_QUARTER}, chunk, bit_or(members) FROM quarters GROUP BY 1, 2 ORDER BY 1, 2 ${add}
     ), daily AS (
       INSERT INTO callers_daily AS known (period, engine, language, chunk, members)
       SELECT day, coalesce(engine, '*'), coalesce(language, '*'), chunk, bit_or(members)
       FROM parts GROUP BY GROUPING SETS ((day, engine, language, chunk), (day, chunk))
       ON CONFLICT (engine, language, period, chunk) DO UPDATE SET members = known.members | excluded.members
     )
     SELECT`,
    bindingsOf(span),
  );
}

export function chunkOf(number: string): string {
  return `${number} / ${CALLERS_PER_CHUNK}`;
}

/** An aggregate: the set of the accounts' numbers within their chunk. */
export function setOf(number: string): string {
  return `bit_or(set_bit(repeat('0', ${CALLERS_PER_CHUNK})::bit(${CALLERS_PER_CHUNK}), ${number} % ${CALLERS_PER_CHUNK}, 1))`;
}
