import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Knex } from 'knex';
import { insertLearner } from './stored-learners.ts';
import type { Analytics } from '../analytics/index.ts';

/** A learner with lots that never run out: what a session is charged to is said by the session. */
export interface Payer {
  readonly userId: string;
  readonly freeLot: string;
  readonly paidLot: string;
}

export interface StoredSession {
  readonly payer: Payer;
  /** Its end. */
  readonly at: Date | string;
  readonly minutes: number;
  readonly talkedSec?: number;
  /** Of the minutes; what is left is paid, at `paidKopecks`. */
  readonly freeMinutes?: number;
  readonly paidKopecks?: number;
  /** Nobody wrote one down: null. */
  readonly engine?: string | null;
  readonly language?: 'en' | 'ru';
  readonly ratePerMinute?: number;
}

// Unique in a ledger, which is all that these tests need of it.
let sequence = 1000;

export async function insertPayer(knex: Knex): Promise<Payer> {
  const userId = await insertLearner(knex);
  const long = '2020-01-01T00:00:00Z';
  const gift = await insertLedgerRow(knex, { userId, type: 'gift', minutes: 100_000, at: long });
  const deposit = await insertLedgerRow(knex, { userId, type: 'deposit', minutes: 100_000, at: long });
  return {
    userId,
    freeLot: await insertLot(knex, { userId, credit: gift, minutes: 100_000, priceKopecks: 0 }),
    paidLot: await insertLot(knex, { userId, credit: deposit, minutes: 100_000, priceKopecks: 50_000_000 }),
  };
}

/** A row of the ledger alone, as it was written at `at`. Answers its id. */
export async function insertLedgerRow(
  knex: Knex,
  row: { userId: string; type: string; minutes: number; at: Date | string; reverses?: string },
): Promise<string> {
  sequence += 1;
  const [written]: { id: string }[] = await knex('wallet_transactions')
    .insert({
      user_account_id: row.userId,
      sequence,
      type: row.type,
      minutes_delta: row.minutes,
      balance_after: 100_000,
      idempotency_key: randomUUID(),
      created_at: row.at,
      reverses_id: row.reverses ?? null,
    })
    .returning('id');
  if (!written) throw new Error('INSERT … RETURNING gave no row');
  return written.id;
}

export async function insertLot(
  knex: Knex,
  lot: { userId: string; credit: string; minutes: number; priceKopecks: number },
): Promise<string> {
  const [written]: { id: string }[] = await knex('wallet_lots')
    .insert({
      user_account_id: lot.userId,
      wallet_transaction_id: lot.credit,
      kind: lot.priceKopecks > 0 ? 'paid' : 'free',
      minutes: lot.minutes,
      remaining: lot.minutes,
      price_kopecks: lot.priceKopecks,
    })
    .returning('id');
  if (!written) throw new Error('INSERT … RETURNING gave no row');
  return written.id;
}

/** What a debit was taken from. */
export async function allocate(
  knex: Knex,
  part: { debit: string; lot: string; minutes: number; kopecks: number },
): Promise<void> {
  if (part.minutes === 0) return;
  await knex('wallet_lot_allocations').insert({
    wallet_transaction_id: part.debit,
    wallet_lot_id: part.lot,
    minutes: part.minutes,
    amount_kopecks: part.kopecks,
  });
}

/** A finalized call with its charge. */
export async function insertSession(knex: Knex, session: StoredSession): Promise<string> {
  const { payer, at, minutes, talkedSec = minutes * 60, freeMinutes = 0, engine = 'local', language = 'en' } = session;
  const { userId } = payer;
  const [call]: { id: string }[] = await knex('calls')
    .insert({
      user_account_id: userId,
      node_id: 'media-test',
      language,
      level: 'beginner',
      status: 'finalized',
      engines: JSON.stringify(engine === null ? {} : { used: { stt: [engine], tts: [engine] }, changes: [] }),
      live_at: at,
      talked_ms: talkedSec * 1000,
      ended_at: at,
      end_reason: 'hang_up',
      finalized_at: at,
    })
    .returning('id');
  if (!call) throw new Error('INSERT … RETURNING gave no row');
  const debit = await insertLedgerRow(knex, { userId, type: 'usage', minutes: -minutes, at });
  await allocate(knex, { debit, lot: payer.freeLot, minutes: freeMinutes, kopecks: 0 });
  const paidKopecks = session.paidKopecks ?? (minutes - freeMinutes) * 400;
  await allocate(knex, { debit, lot: payer.paidLot, minutes: minutes - freeMinutes, kopecks: paidKopecks });
  await knex('usage_sessions').insert({
    user_account_id: userId,
    call_id: call.id,
    wallet_transaction_id: debit,
    duration_sec: talkedSec,
    billed_minutes: minutes,
    billed_amount_rub: (minutes * (session.ratePerMinute ?? 500)) / 100,
    tariff_snapshot: '{}',
    created_at: at,
  });
  return call.id;
}

export async function insertTurn(
  knex: Knex,
  turn: {
    callId: string;
    ordinal: number;
    at: Date | string;
    engines?: Record<string, string>;
    stages: Record<string, number>;
    usageLines?: readonly Record<string, unknown>[];
  },
): Promise<void> {
  await knex('call_turns')
    .insert({
      call_id: turn.callId,
      ordinal: turn.ordinal,
      speaker: 'tutor',
      text: 'Hello',
      heard_text: 'Hello',
      interrupted: false,
      engines: JSON.stringify(turn.engines ?? { tutor: 'local', tts: 'local' }),
      started_at_ms: 0,
      duration_ms: 0,
      stages: JSON.stringify(turn.stages),
      usage_lines: JSON.stringify(turn.usageLines ?? []),
      created_at: turn.at,
    })
    .onConflict(['call_id', 'ordinal'])
    .merge();
}

const CATCH_UP_WITHIN_MS = 60_000;

/**
 * Rolls up until everything is in the figures. Once is not always enough: transactions of the server's other databases,
 * where other tests run, hold the cursor back too. Answers how many sessions were added.
 */
export async function catchUp(analytics: Analytics): Promise<number> {
  const deadline = Date.now() + CATCH_UP_WITHIN_MS;
  let sessions = 0;
  for (;;) {
    sessions += (await analytics.rollUp()).sessions;
    const { seconds, rows } = await analytics.lag();
    if (rows === 0 && seconds === 0) return sessions;
    if (Date.now() > deadline) throw new Error('The figures did not catch up in time');
    await wait(20);
  }
}
