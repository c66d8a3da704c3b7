import type { Knex } from 'knex';
import type { Logger } from '../platform/log.ts';
import { selectRows } from './sql.ts';
import { finalizeCall } from './usage.ts';

/** How long a call may wait for its page. */
const JOIN_DEADLINE_SEC = 120;
/** After how long without a heartbeat a call's node counts as lost. */
const HEARTBEAT_DEADLINE_SEC = 45;

const BATCH = 200;

export interface SweepReport {
  readonly neverConnected: number;
  readonly nodeLost: number;
  readonly finalized: number;
  /** Ended calls that could not be finalized; each is logged, and tried again by the next sweep. */
  readonly failed: number;
}

/**
 * Ends the calls that nobody ends any more, and charges the ended ones that nobody charged. All times are the
 * database's: nodes' clocks need not agree. Any number of sweeps may run at the same time.
 */
export async function sweepCalls(knex: Knex, log: Logger): Promise<SweepReport> {
  // SKIP LOCKED: a call that somebody is writing to right now is not abandoned.
  const neverConnected = await selectRows(
    knex,
    `UPDATE calls SET status = 'ended', ended_at = clock_timestamp(), end_reason = 'never_connected'
     WHERE id IN (
       SELECT id FROM calls
       WHERE status = 'placed' AND coalesce(last_beat_at, placed_at) < now() - make_interval(secs => :deadlineSec)
       FOR NO KEY UPDATE SKIP LOCKED
     )
     RETURNING id`,
    { deadlineSec: JOIN_DEADLINE_SEC },
  );
  // What was talked after the last beat is not known, and not charged.
  const nodeLost = await selectRows(
    knex,
    `UPDATE calls SET status = 'ended', ended_at = coalesce(last_beat_at, live_at), end_reason = 'node_lost'
     WHERE id IN (
       SELECT id FROM calls
       WHERE status = 'live' AND coalesce(last_beat_at, live_at) < now() - make_interval(secs => :deadlineSec)
       FOR NO KEY UPDATE SKIP LOCKED
     )
     RETURNING id`,
    { deadlineSec: HEARTBEAT_DEADLINE_SEC },
  );
  const { finalized, failed } = await finalizeEnded(knex, log);
  return { neverConnected: neverConnected.length, nodeLost: nodeLost.length, finalized, failed };
}

async function finalizeEnded(knex: Knex, log: Logger): Promise<{ finalized: number; failed: number }> {
  let finalized = 0;
  let failed = 0;
  // By pages of ids, so that calls that fail again and again do not keep the others from their turn.
  let after = '00000000-0000-0000-0000-000000000000';
  while (true) {
    const ended = await selectRows<{ id: string }>(
      knex,
      `SELECT id FROM calls WHERE status = 'ended' AND id > :after ORDER BY id LIMIT :limit`,
      { after, limit: BATCH },
    );
    for (const { id } of ended) {
      try {
        await finalizeCall(knex, id);
        finalized += 1;
      } catch (error) {
        failed += 1;
        log.error({ callId: id, err: error }, 'A call could not be finalized');
      }
      after = id;
    }
    if (ended.length < BATCH) return { finalized, failed };
  }
}
