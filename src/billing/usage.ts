import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { parseRoubles, type Kopecks } from './money.ts';
import { selectRowPrepared, selectRows } from './sql.ts';

export interface Charge {
  readonly callId: string;
  readonly durationSec: number;
  readonly billedMinutes: number;
  readonly amount: Kopecks;
}

/**
 * Charges an ended call and gives back what was held beyond it: exactly once, however often and from however many
 * processes it is called. A call that never had media costs nothing, and the answer is `undefined`. One statement: the
 * rules stand in the database's `finalize_call`, and a hot wallet is locked for no longer than it takes there.
 * @throws AppError `call_not_found`, `call_not_ended`
 */
export async function finalizeCall(knex: Knex, callId: string): Promise<Charge | undefined> {
  const row = await selectRowPrepared<{
    status: string;
    seconds: number | null;
    minutes: number | null;
    roubles: string;
  }>(
    knex,
    'finalize-call',
    `SELECT call_status AS status, charged_seconds AS seconds, charged_minutes AS minutes,
       charged_roubles::roubles AS roubles
     FROM finalize_call(:callId)`,
    { callId },
  );
  if (!row) throw new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such call.' });
  const { status, seconds: durationSec, minutes: billedMinutes, roubles } = row;
  if (status !== 'finalized') {
    throw new AppError({ code: 'call_not_ended', kind: 'conflict', message: 'The call has not ended.' });
  }
  if (durationSec === null || billedMinutes === null) return undefined;
  return { callId, durationSec, billedMinutes, amount: parseRoubles(roubles) };
}

/** What the calls cost; calls that cost nothing, or are not finalized yet, are absent. */
export async function findCharges(knex: Knex, callIds: readonly string[]): Promise<ReadonlyMap<string, Charge>> {
  if (callIds.length === 0) return new Map();
  const rows = await selectRows<{
    call_id: string;
    duration_sec: number;
    billed_minutes: number;
    billed_amount_rub: string;
  }>(
    knex,
    `SELECT call_id, duration_sec, billed_minutes, billed_amount_rub
     FROM usage_sessions WHERE call_id = ANY(:callIds::uuid[])`,
    { callIds: [...callIds] },
  );
  return new Map(
    rows.map((row) => [
      row.call_id,
      {
        callId: row.call_id,
        durationSec: row.duration_sec,
        billedMinutes: row.billed_minutes,
        amount: parseRoubles(row.billed_amount_rub),
      },
    ]),
  );
}
