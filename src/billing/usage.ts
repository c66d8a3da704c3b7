import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { findOpenHold, type OpenHold } from './holds.ts';
import { insertTransaction, type WalletRow } from './ledger.ts';
import { spendLots } from './lots.ts';
import { formatMinutes, minutesOf, wholeMinutes } from './minutes.ts';
import { formatRoubles, parseRoubles, type Kopecks } from './money.ts';
import { selectRow, selectRows } from './sql.ts';
import { billedMinutes, durationSeconds, fromSnapshot, listAmount, toSnapshot } from './tariff.ts';

export interface Charge {
  readonly callId: string;
  readonly durationSec: number;
  readonly billedMinutes: number;
  readonly amount: Kopecks;
}

interface EndedCall {
  readonly id: string;
  readonly user_account_id: string;
  readonly status: string;
  readonly talked_ms: number;
  readonly live_at: Date | null;
  readonly ended_at: Date;
}

/**
 * Charges an ended call and gives back what was held beyond it: exactly once, however often and from however many
 * processes it is called. A call that never had media costs nothing, and the answer is `undefined`.
 * @throws AppError `call_not_found`, `call_not_ended`
 */
export async function finalizeCall(knex: Knex, callId: string): Promise<Charge | undefined> {
  return knex.transaction(
    async (transaction) => {
      const call = await lockCall(transaction, callId);
      if (call.status === 'finalized') return findCharge(transaction, callId);
      if (call.status !== 'ended') {
        throw new AppError({ code: 'call_not_ended', kind: 'conflict', message: 'The call has not ended.' });
      }
      const hold = await findOpenHold(transaction, callId);
      if (!hold) throw new Error(`The ended call ${callId} has no open hold`);
      const hadMedia = call.live_at !== null || call.talked_ms > 0;
      const charge = hadMedia ? await chargeCall(transaction, call, hold) : await releaseHold(transaction, call, hold);
      await transaction.raw('UPDATE call_holds SET closed_at = clock_timestamp() WHERE id = :id', { id: hold.id });
      await transaction.raw(
        `UPDATE calls SET status = 'finalized', finalized_at = clock_timestamp() WHERE id = :callId`,
        { callId },
      );
      return charge;
    },
    // Locks decide here; a repeatable snapshot would only make the second of two finalizers fail.
    { isolationLevel: 'read committed' },
  );
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

async function findCharge(knex: Knex, callId: string): Promise<Charge | undefined> {
  return (await findCharges(knex, [callId])).get(callId);
}

async function lockCall(transaction: Knex.Transaction, callId: string): Promise<EndedCall> {
  const call = await selectRow<EndedCall>(
    transaction,
    `SELECT id, user_account_id, status, talked_ms, live_at, ended_at FROM calls WHERE id = :callId FOR NO KEY UPDATE`,
    { callId },
  );
  if (call) return call;
  throw new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such call.' });
}

async function releaseHold(transaction: Knex.Transaction, call: EndedCall, hold: OpenHold): Promise<undefined> {
  const wallet = await selectRow(
    transaction,
    `UPDATE user_profiles SET minutes_held = minutes_held - :held
     WHERE user_account_id = :userId AND minutes_held >= :held
     RETURNING user_account_id`,
    { userId: call.user_account_id, held: formatMinutes(hold.minutes) },
  );
  if (!wallet) throw inconsistent(call.id);
}

async function chargeCall(transaction: Knex.Transaction, call: EndedCall, hold: OpenHold): Promise<Charge> {
  const tariff = fromSnapshot(hold.tariffSnapshot);
  const durationSec = durationSeconds(call.talked_ms);
  const billed = billedMinutes(durationSec, hold.minutes);
  const minutes = wholeMinutes(billed);
  const amount = listAmount(billed, tariff);

  const wallet = await selectRow<WalletRow>(
    transaction,
    `UPDATE user_profiles
     SET minutes_balance = minutes_balance - :billed, minutes_held = minutes_held - :held,
         ledger_sequence = ledger_sequence + 1
     WHERE user_account_id = :userId AND minutes_balance >= :billed AND minutes_held >= :held
     RETURNING minutes_balance, ledger_sequence`,
    { userId: call.user_account_id, billed: formatMinutes(minutes), held: formatMinutes(hold.minutes) },
  );
  if (!wallet) throw inconsistent(call.id);
  const transactionId = await insertTransaction(transaction, {
    userId: call.user_account_id,
    type: 'usage',
    delta: minutesOf(0 - minutes),
    wallet,
    idempotencyKey: `usage:${call.id}`,
  });
  await spendLots(transaction, { userId: call.user_account_id, transactionId, minutes });
  await transaction.raw(
    `INSERT INTO usage_sessions (user_account_id, call_id, wallet_transaction_id, duration_sec, billed_minutes,
       billed_amount_rub, tariff_snapshot, created_at)
     VALUES (:userId, :callId, :transactionId, :durationSec, :billed, :amount, :tariff, :endedAt)`,
    {
      userId: call.user_account_id,
      callId: call.id,
      transactionId,
      durationSec,
      billed,
      amount: formatRoubles(amount),
      tariff: JSON.stringify(toSnapshot(tariff)),
      endedAt: call.ended_at,
    },
  );
  return { callId: call.id, durationSec, billedMinutes: billed, amount };
}

function inconsistent(callId: string): Error {
  return new Error(`The wallet does not cover the hold of the call ${callId}`);
}
