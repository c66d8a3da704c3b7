import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { extendHold, findOpenHold, minutesToHold } from './holds.ts';
import type { Minutes } from './minutes.ts';
import { selectRow } from './sql.ts';

/** What a call says while it lives, and when it is over. The shape is the media room's `CallMeter`. */

export interface MeterReading {
  /** Talk time in ms that is held for this call. */
  readonly heldMs: number;
  /** Talk time in ms that the balance would cover; at least `heldMs`. */
  readonly coveredMs: number;
}

export interface CallEnding {
  readonly reason: string;
  /** Whole ms of talk; 0 when the media never connected. */
  readonly talkedMs: number;
}

/**
 * Writes the heartbeat and extends the hold a minute ahead. Talk time never goes back, whoever reports it.
 * @param nodeId the node that speaks for the call; one that the call has left is not listened to
 * @throws AppError `call_not_found`, `call_ended`, `call_on_other_node`
 */
export async function beat(knex: Knex, callId: string, talkedMs: number, nodeId?: string): Promise<MeterReading> {
  return extend(knex, callId, { talkedMs, coverMs: 0 }, nodeId);
}

/**
 * Writes the heartbeat and extends the hold so that it covers `coverMs` of talk, as far as the wallet goes. The talk time stays
 * as it is: what was set aside for talk that comes to nothing is given back at the end.
 * @throws AppError as `beat`
 */
export async function reserve(knex: Knex, callId: string, coverMs: number, nodeId?: string): Promise<MeterReading> {
  return extend(knex, callId, { talkedMs: 0, coverMs }, nodeId);
}

async function extend(
  knex: Knex,
  callId: string,
  { talkedMs, coverMs }: { readonly talkedMs: number; readonly coverMs: number },
  nodeId: string | undefined,
): Promise<MeterReading> {
  checkTalked(talkedMs);
  return knex.transaction(async (transaction) => {
    const call = await selectRow<{ user_account_id: string; talked_ms: number }>(
      transaction,
      `UPDATE calls SET talked_ms = greatest(talked_ms, :talkedMs), last_beat_at = clock_timestamp()
       WHERE id = :callId AND status IN ('placed', 'live') AND (:nodeId::text IS NULL OR node_id = :nodeId)
       RETURNING user_account_id, talked_ms`,
      { callId, talkedMs, nodeId: nodeId ?? null },
    );
    if (!call) throw await notOpen(transaction, callId);
    const hold = await findOpenHold(transaction, callId);
    if (!hold) throw new Error(`The open call ${callId} has no hold`);
    const { held, covered } = await extendHold(transaction, {
      userId: call.user_account_id,
      hold,
      targetMinutes: Math.max(minutesToHold(call.talked_ms), Math.ceil(coverMs / 60_000)),
    });
    return { heldMs: milliseconds(held), coveredMs: milliseconds(covered) };
  });
}

/**
 * Writes the end; the first one stands. Returns whether it was this one.
 * @throws AppError `call_not_found`
 */
export async function end(knex: Knex, callId: string, ending: CallEnding, nodeId?: string): Promise<boolean> {
  checkTalked(ending.talkedMs);
  const ended = await selectRow(
    knex,
    `UPDATE calls
     SET status = 'ended', ended_at = clock_timestamp(), end_reason = :reason, talked_ms = greatest(talked_ms, :talkedMs)
     WHERE id = :callId AND status IN ('placed', 'live') AND (:nodeId::text IS NULL OR node_id = :nodeId)
     RETURNING id`,
    { callId, reason: ending.reason, talkedMs: ending.talkedMs, nodeId: nodeId ?? null },
  );
  if (ended) return true;
  const reason = await notOpen(knex, callId);
  if (reason.code === 'call_not_found') throw reason;
  return false;
}

async function notOpen(knex: Knex, callId: string): Promise<AppError> {
  const call = await selectRow<{ open: boolean }>(
    knex,
    `SELECT status IN ('placed', 'live') AS open FROM calls WHERE id = :callId`,
    { callId },
  );
  if (!call) return new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such call.' });
  return call.open
    ? new AppError({ code: 'call_on_other_node', kind: 'conflict', message: 'The call has moved to another node.' })
    : new AppError({ code: 'call_ended', kind: 'conflict', message: 'The call has ended.' });
}

function checkTalked(talkedMs: number): void {
  if (!Number.isSafeInteger(talkedMs) || talkedMs < 0) {
    throw new RangeError(`Talk time must be whole milliseconds from 0, not ${talkedMs}`);
  }
}

/** A hundredth of a minute is 600 ms. */
function milliseconds(minutes: Minutes): number {
  return minutes * 600;
}
