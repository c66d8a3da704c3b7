import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { addCredits } from './credit-figures.ts';
import { selectOne, selectRows } from './sql.ts';
import { addTurns, recountTurns } from './turn-figures.ts';
import { addCallers, addUsage, type Span } from './usage-figures.ts';

export interface RollUpReport {
  /** Sessions added to the figures. */
  readonly sessions: number;
  /** Rows of the ledger added: deposits, gifts, what was taken back. */
  readonly credits: number;
  /** Turns that were new or changed. */
  readonly turns: number;
  /** Another process was at it; nothing was done. */
  readonly busy: boolean;
  /** Everything was counted anew: the house's time zone is another than before, or an older process had rolled up. */
  readonly rebuilt: boolean;
}

export interface RollUpLag {
  /** Age of the oldest row that is not in the figures yet; 0 when all are. */
  readonly seconds: number;
  /** Sessions that are not in the figures yet, counted up to a million. */
  readonly rows: number;
}

/** Sessions in one transaction, about: it holds no lock that anybody but another roll-up waits for. */
const BATCH = 500_000;
const LONGEST_STATEMENT = '10min';

const NOTHING: RollUpReport = { sessions: 0, credits: 0, turns: 0, busy: false, rebuilt: false };

/**
 * Adds to the figures what was committed since the last time. A transaction's id is given when it begins to write, so
 * below the oldest one that still runs everything is committed or gone for good: rows of lower ids are added, once, and
 * those of slow transactions wait for their end. An id or a time as the mark would lose them.
 *
 * @param whenBusy another process is at it: leave it to that, or wait for its end and add what is left then
 */
export async function rollUp(
  knex: Knex,
  timeZone: string,
  whenBusy: 'leave' | 'wait' = 'leave',
): Promise<RollUpReport> {
  let total = NOTHING;
  for (;;) {
    const { report, more } = await knex.transaction((transaction) => addNextBatch(transaction, timeZone, whenBusy));
    total = {
      sessions: total.sessions + report.sessions,
      credits: total.credits + report.credits,
      turns: total.turns + report.turns,
      busy: report.busy,
      rebuilt: total.rebuilt || report.rebuilt,
    };
    if (!more) return total;
  }
}

async function addNextBatch(
  transaction: Knex.Transaction,
  timeZone: string,
  whenBusy: 'leave' | 'wait',
): Promise<{ readonly report: RollUpReport; readonly more: boolean }> {
  await prepare(transaction);
  const [cursor] = await selectRows<{ last: string; time_zone: string; quarters: boolean }>(
    transaction,
    `SELECT last::text, time_zone, quarters_last = last AS quarters
     FROM analytics_cursor FOR UPDATE ${whenBusy === 'leave' ? 'SKIP LOCKED' : ''}`,
  );
  if (!cursor) return { report: { ...NOTHING, busy: true }, more: false };
  if (cursor.time_zone !== timeZone || !cursor.quarters) {
    const report = await countAnew(transaction, timeZone);
    return { report: { ...report, rebuilt: true }, more: false };
  }
  // A statement of its own, so that its snapshot is younger than the lock.
  const { until, more, moved } = await selectOne<{ until: string; more: boolean; moved: boolean }>(
    transaction,
    `WITH horizon AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xid),
       batch AS (
         SELECT xid FROM usage_sessions WHERE xid >= :last::xid8 ORDER BY xid OFFSET ${BATCH} LIMIT 1
       )
     SELECT coalesce(least(batch.xid, horizon.xid), horizon.xid)::text AS until, coalesce(batch.xid < horizon.xid, false) AS more,
       horizon.xid < :last::xid8 AS moved
     FROM horizon LEFT JOIN batch ON batch.xid > :last::xid8`,
    { last: cursor.last },
  );
  if (moved) throw movedDatabase();
  const span: Span = { from: cursor.last, until, timeZone };
  const report = await addSpan(transaction, span);
  const turns = await addTurns(transaction, timeZone);
  return { report: { ...NOTHING, ...report, turns }, more };
}

/**
 * Counts everything anew, in one transaction: until its end readers see the old figures. The figures of closed days
 * stay as they are, for they say what was known then.
 */
export function rebuild(knex: Knex, timeZone: string): Promise<RollUpReport> {
  return knex.transaction(async (transaction) => {
    await prepare(transaction);
    await selectRows(transaction, 'SELECT FROM analytics_cursor FOR UPDATE');
    return { ...(await countAnew(transaction, timeZone)), rebuilt: true };
  });
}

async function countAnew(transaction: Knex.Transaction, timeZone: string): Promise<RollUpReport> {
  const { until, moved } = await selectOne<{ until: string; moved: boolean }>(
    transaction,
    `SELECT horizon::text AS until, horizon < last AS moved
     FROM analytics_cursor, pg_snapshot_xmin(pg_current_snapshot()) AS horizon`,
  );
  // The books go further, too: what is above the horizon would be left out, and nobody told.
  if (moved) throw movedDatabase();
  for (const figures of ['revenue', 'callers', 'credits']) {
    for (const table of ['quarterly', 'hourly', 'daily']) {
      await selectRows(transaction, `DELETE FROM ${figures}_${table}`);
    }
  }
  const report = await addSpan(transaction, { from: '0', until, timeZone });
  await recountTurns(transaction, timeZone);
  return { ...NOTHING, ...report };
}

async function addSpan(transaction: Knex.Transaction, span: Span): Promise<Pick<RollUpReport, 'sessions' | 'credits'>> {
  await addCallers(transaction, span);
  const sessions = await addUsage(transaction, span);
  const credits = await addCredits(transaction, span);
  await selectRows(
    transaction,
    `UPDATE analytics_cursor
     SET last = :last::xid8, quarters_last = :last::xid8, time_zone = :timeZone, rolled_up_at = clock_timestamp()`,
    { last: span.until, timeZone: span.timeZone },
  );
  return { sessions, credits };
}

/** Catching up may take long, and sorts in memory what would else go through files. */
async function prepare(transaction: Knex.Transaction): Promise<void> {
  await selectRows(
    transaction,
    `SELECT set_config('statement_timeout', '${LONGEST_STATEMENT}', true), set_config('work_mem', '256MB', true),
       set_config('jit', 'off', true)`,
  );
}

export async function readLag(knex: Knex): Promise<RollUpLag> {
  return selectOne<RollUpLag>(
    knex,
    `WITH seen AS (SELECT last FROM analytics_cursor),
       oldest AS (
         (SELECT w.created_at FROM seen, usage_sessions u JOIN wallet_transactions w ON w.id = u.wallet_transaction_id
          WHERE u.xid >= seen.last ORDER BY u.xid LIMIT 1)
         UNION ALL
         (SELECT w.created_at FROM seen, wallet_transactions w
          WHERE w.type <> 'usage' AND w.xid >= seen.last ORDER BY w.xid LIMIT 1)
       )
     SELECT greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0))::float8 AS seconds,
       (SELECT count(*) FROM (
          SELECT FROM seen, usage_sessions u WHERE u.xid >= seen.last LIMIT 1000000
        ) waiting) AS rows
     FROM oldest`,
  );
}

/** Ids of another server's transactions say nothing here. */
function movedDatabase(): AppError {
  return new AppError({
    code: 'rollup_cursor_ahead',
    kind: 'internal',
    message:
      'The figures go further than this server has come: was the database copied from another? See operations.md',
  });
}
