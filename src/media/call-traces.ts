import type { Knex } from 'knex';
import type { Recordings } from './recording/index.ts';
import { eraseTurnTextsOf } from './turn-retention.ts';

/** A node writes what it still has of a call, and its recorder ends, within this time of the call's end. */
const SETTLING_SEC = 60;
/** A part of a recording without an end for so long after its call was left by a process that died. */
const LOST_PART_HOURS = 1;

export interface CallTracesOptions {
  readonly knex: Knex;
  readonly recordings: Pick<Recordings, 'deleteOfUser'>;
}

/**
 * Erases what a learner said, what the tutor remembers of it, and the recordings; when they called, for how long and how
 * fast the answers came stays. False while a call of theirs goes on or has only just ended, since something may still be
 * written: then it is to be asked for again. A recording goes when nobody writes it any more.
 */
export async function eraseCallsOf(
  { knex, recordings }: CallTracesOptions,
  userId: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { settled, recorded } = await readState(knex, userId);
  await eraseTurnTextsOf(knex, userId, signal);
  if (recorded) await recordings.deleteOfUser(userId, signal);
  return settled && recorded && signal?.aborted !== true;
}

interface CallsState {
  /** No call is open, and none ended just now. */
  readonly settled: boolean;
  /** No recording is being written. */
  readonly recorded: boolean;
}

async function readState(knex: Knex, userId: string): Promise<CallsState> {
  const { rows } = await knex.raw<{ rows: CallsState[] }>(
    `SELECT
       NOT EXISTS (SELECT FROM calls WHERE user_account_id = :userId
         AND (ended_at IS NULL OR ended_at > clock_timestamp() - make_interval(secs => :settling))) AS settled,
       NOT EXISTS (SELECT FROM calls JOIN call_recordings recording ON recording.call_id = calls.id
         WHERE calls.user_account_id = :userId AND recording.ended_at IS NULL
           AND (calls.ended_at IS NULL OR calls.ended_at > clock_timestamp() - make_interval(hours => :lost))) AS recorded`,
    { userId, settling: SETTLING_SEC, lost: LOST_PART_HOURS },
  );
  const state = rows[0];
  if (!state) throw new Error('A SELECT of two facts gave no row');
  return state;
}
