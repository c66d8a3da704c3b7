import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { connectDatabase } from '../platform/database.ts';
import { createSilentLogger } from '../platform/log.ts';
import { insertCall, insertLearner, markCallLive } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createBilling, type Billing } from './billing.ts';
import { adjust } from './debit.ts';
import { payDebts, reverseCredit } from './debts.ts';
import { credit } from './ledger.ts';
import { minutesOf } from './minutes.ts';
import { kopecksOf } from './money.ts';
import { insertPayment } from './payments/payment-rows.ts';
import { INVARIANTS } from './reconcile.ts';
import { ensureCode } from './referrals/code.ts';

/** Books with one charged call and one under way; `tamper` works as the owner, who has switched the triggers off. */
async function setUp(t: TestContext) {
  const { knex, url } = await createTestDatabase(t);
  const billing = createBilling({ knex, log: createSilentLogger(), onCallEnded: () => {} });
  const userId = await insertLearner(knex);
  await knex.transaction((transaction) => billing.onRegistered(transaction, userId));
  const call = async (): Promise<string> => {
    const callId = await knex.transaction(async (transaction) => {
      const id = await insertCall(transaction, userId);
      await billing.openCall(transaction, { callId: id, userId });
      return id;
    });
    await markCallLive(knex, callId);
    return callId;
  };
  const charged = await call();
  await billing.meter.end(charged, { reason: 'hang_up', talkedMs: 61_000 });
  await billing.finalizeCall(charged);
  const live = await call();
  await owe(knex, await insertLearner(knex));
  await invite(knex, billing);

  const owner = connectDatabase({
    url,
    poolSize: 1,
    applicationName: 'ailingva test owner',
    role: null,
  });
  t.after(() => owner.close());
  const tamper = async (sql: string): Promise<void> => {
    for (const table of [
      'wallet_transactions',
      'wallet_lot_allocations',
      'usage_sessions',
      'wallet_debt_settlements',
      'payment_returns',
    ]) {
      await owner.knex.raw(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    }
    await owner.knex.raw(sql.replaceAll('{charged}', `'${charged}'`).replaceAll('{live}', `'${live}'`));
  };
  return { billing, tamper };
}

/** Has a deposit taken back when half of it was spent, and pays a part of the debt by another. */
async function owe(knex: Knex, userId: string): Promise<void> {
  const deposit = (hundredths: number, idempotencyKey: string) => ({
    userId,
    type: 'deposit' as const,
    minutes: minutesOf(hundredths),
    price: kopecksOf(hundredths * 5),
    idempotencyKey,
  });
  await knex.transaction(async (transaction) => {
    const first = deposit(100, 'deposit:1');
    const payment = await insertPayment(transaction, {
      userId,
      provider: 'sandbox',
      idempotencyKey: 'payment:1',
      amount: first.price,
      quoted: first.minutes,
      prices: { tariff: { ratePerMinute: kopecksOf(500) }, packages: [] },
      package: undefined,
    });
    const { transactionId } = await credit(transaction, first);
    await transaction('payments').where('id', payment?.id).update({
      status: 'refunded',
      captured_kopecks: first.price,
      refunded_kopecks: first.price,
      wallet_transaction_id: transactionId,
      credited_minutes: '1.00',
      reversed_minutes: '1.00',
    });
    await adjust(transaction, { userId, minutes: minutesOf(-50), idempotencyKey: 'adjust:1', reason: 'spent' });
    const reversal = await reverseCredit(transaction, {
      userId,
      creditId: transactionId,
      minutes: minutesOf(100),
      idempotencyKey: 'reversal:1',
      reason: 'refund',
    });
    await transaction('payment_returns').insert({
      payment_id: payment?.id,
      kind: 'refund',
      amount_kopecks: first.price,
      wallet_transaction_id: reversal.transactionId,
    });
    const next = await credit(transaction, deposit(20, 'deposit:2'));
    await payDebts(transaction, { userId, transactionId: next.transactionId, minutes: minutesOf(20) });
    await adjust(transaction, { userId, minutes: minutesOf(500), idempotencyKey: 'adjust:2', reason: 'a present' });
  });
}

/** One learner invites another, who confirms. */
async function invite(knex: Knex, billing: Billing): Promise<void> {
  const [referrerId, referredId] = [await insertLearner(knex), await insertLearner(knex)];
  await knex.transaction((transaction) => billing.onRegistered(transaction, referrerId));
  const referralCode = await ensureCode(knex, referrerId);
  await knex.transaction((transaction) => billing.onRegistered(transaction, referredId, { referralCode }));
  await knex.transaction(async (transaction) => {
    await transaction('user_accounts').where('id', referredId).update({ confirmed_at: transaction.fn.now() });
    await billing.onConfirmed(transaction, referredId);
  });
}

/** Each rule, and how it is broken. The check must see it. */
const BREAKS: Readonly<Record<string, string>> = {
  balance_is_sum_of_ledger: 'UPDATE user_profiles SET minutes_balance = minutes_balance + 0.01',
  balance_is_sum_of_lots: 'UPDATE wallet_lots SET remaining = remaining - 0.01 WHERE remaining > 0',
  held_is_sum_of_open_holds: 'UPDATE user_profiles SET minutes_held = minutes_held + 1',
  held_within_balance: `ALTER TABLE user_profiles DROP CONSTRAINT user_profiles_wallet_covers_holds;
    UPDATE user_profiles SET minutes_held = minutes_balance + 1`,
  ledger_is_a_chain: `UPDATE wallet_transactions SET sequence = 3 WHERE type = 'usage'`,
  ledger_sequence_is_last: 'UPDATE user_profiles SET ledger_sequence = 7',
  credit_has_its_lot: 'UPDATE wallet_lots SET minutes = minutes + 1, remaining = remaining + 1',
  lot_is_what_was_not_allocated: 'UPDATE wallet_lots SET minutes = minutes + 1',
  debit_is_allocated: 'DELETE FROM wallet_lot_allocations',
  billable_call_has_one_usage: 'DELETE FROM usage_sessions',
  usage_is_what_was_debited: 'UPDATE usage_sessions SET billed_minutes = 1',
  charge_within_hold: `UPDATE call_holds SET minutes = 1 WHERE call_id = {charged}`,
  hold_lives_as_long_as_its_call: `UPDATE call_holds SET closed_at = now() WHERE call_id = {live}`,
  reversals_within_what_they_reverse: `UPDATE wallet_debts SET minutes = 1000, remaining = 1000`,
  debt_is_what_was_not_settled: 'UPDATE wallet_debts SET minutes = minutes + 1',
  referral_credits_have_their_referral: 'UPDATE referrals SET minutes = minutes + 1',
  confirmed_referrals_are_settled: `UPDATE referrals SET status = 'pending', minutes = NULL, rewarded_at = NULL,
    reward_transaction_id = NULL, welcome_transaction_id = NULL`,
  payment_is_a_deposit: 'UPDATE payments SET captured_kopecks = captured_kopecks + 1',
  refund_is_reversed_or_owed: 'UPDATE payments SET reversed_minutes = 0.5',
  returned_money_adds_up: 'DELETE FROM payment_returns',
  settlement_is_a_reversal: 'UPDATE wallet_debt_settlements SET minutes = minutes + 1',
};

describe('the check of the books', () => {
  it('finds nothing where all is well', async (t) => {
    const { billing } = await setUp(t);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('is tried on every rule', () => {
    assert.deepEqual(Object.keys(BREAKS).toSorted(), INVARIANTS.toSorted());
  });

  for (const [rule, sql] of Object.entries(BREAKS)) {
    it(`sees a break of ${rule}`, async (t) => {
      const { billing, tamper } = await setUp(t);
      await tamper(sql);
      const violations = await billing.checkInvariants();
      assert.ok(
        violations.some((violation) => violation.rule === rule),
        JSON.stringify(violations),
      );
    });
  }
});
