import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { countWholeMinutes, formatMinutes, minutesOf, parseMinutes, wholeMinutes, type Minutes } from './minutes.ts';
import { selectRow } from './sql.ts';
import { toSnapshot, type Tariff } from './tariff.ts';

/**
 * A hold sets whole minutes of a wallet aside for one call. The call may talk no longer than its hold, and is
 * charged at most its hold; so calls that share a balance can never spend more than there is.
 */

/** The minute that is being talked and the one after it. */
const MINUTES_AHEAD = 2;

/** How many whole minutes should be held once `talkedMs` have been talked. */
export function minutesToHold(talkedMs: number): number {
  return Math.floor(talkedMs / 60_000) + MINUTES_AHEAD;
}

/**
 * Sets the first minutes of a call aside: two, or the one that is left. Locks the wallet until the transaction ends.
 * @throws AppError `no_minutes` with less than one whole minute available
 */
export async function openHold(
  transaction: Knex.Transaction,
  hold: { readonly callId: string; readonly userId: string; readonly tariff: Tariff },
): Promise<Minutes> {
  const { granted } = await setAside(transaction, hold.userId, minutesToHold(0));
  if (granted === 0) {
    throw new AppError({
      code: 'no_minutes',
      kind: 'payment_required',
      message: 'There is not one whole minute left on the balance. Top it up to call.',
    });
  }
  await transaction.raw(
    `INSERT INTO call_holds (call_id, user_account_id, minutes, tariff_snapshot)
     VALUES (:callId, :userId, :minutes, :tariff)`,
    {
      callId: hold.callId,
      userId: hold.userId,
      minutes: formatMinutes(granted),
      tariff: JSON.stringify(toSnapshot(hold.tariff)),
    },
  );
  return granted;
}

export interface OpenHold {
  readonly id: string;
  readonly minutes: Minutes;
}

/** The call's open hold. Whoever holds the call's row lock is alone with it. */
export async function findOpenHold(transaction: Knex.Transaction, callId: string): Promise<OpenHold | undefined> {
  const row = await selectRow<{ id: string; minutes: string }>(
    transaction,
    'SELECT id, minutes FROM call_holds WHERE call_id = :callId AND closed_at IS NULL',
    { callId },
  );
  return row && { id: row.id, minutes: parseMinutes(row.minutes) };
}

export interface HoldReading {
  readonly held: Minutes;
  /** Whole minutes with what else is available on the wallet. */
  readonly covered: Minutes;
}

/** Raises the hold towards `targetMinutes`, as far as the wallet goes. Never lowers it. */
export async function extendHold(
  transaction: Knex.Transaction,
  options: { readonly userId: string; readonly hold: OpenHold; readonly targetMinutes: number },
): Promise<HoldReading> {
  const { userId, hold, targetMinutes } = options;
  const wanted = targetMinutes - countWholeMinutes(hold.minutes);
  if (wanted <= 0) return reading(hold.minutes, await readAvailable(transaction, userId));
  const { granted, available } = await setAside(transaction, userId, wanted);
  if (granted > 0) {
    await transaction.raw('UPDATE call_holds SET minutes = minutes + :granted WHERE id = :id', {
      id: hold.id,
      granted: formatMinutes(granted),
    });
  }
  return reading(minutesOf(hold.minutes + granted), available);
}

function reading(held: Minutes, available: Minutes): HoldReading {
  return { held, covered: minutesOf(held + wholeMinutes(countWholeMinutes(available))) };
}

/** One conditional statement: PostgreSQL decides between calls that ask at the same time. */
async function setAside(
  transaction: Knex.Transaction,
  userId: string,
  wanted: number,
): Promise<{ granted: Minutes; available: Minutes }> {
  const row = await selectRow<{ granted: string; available: string }>(
    transaction,
    `UPDATE user_profiles
     SET minutes_held = minutes_held + least(:wanted::numeric, floor(minutes_balance - minutes_held))
     WHERE user_account_id = :userId AND minutes_balance - minutes_held >= 1
     RETURNING new.minutes_held - old.minutes_held AS granted, new.minutes_balance - new.minutes_held AS available`,
    { userId, wanted },
  );
  if (!row) return { granted: wholeMinutes(0), available: await readAvailable(transaction, userId) };
  return { granted: parseMinutes(row.granted), available: parseMinutes(row.available) };
}

async function readAvailable(transaction: Knex.Transaction, userId: string): Promise<Minutes> {
  const row = await selectRow<{ available: string }>(
    transaction,
    'SELECT minutes_balance - minutes_held AS available FROM user_profiles WHERE user_account_id = :userId',
    { userId },
  );
  return row ? parseMinutes(row.available) : wholeMinutes(0);
}
