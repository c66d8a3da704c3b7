import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { openBooks } from '../testing/books.ts';
import { adjust as postAdjustment } from './debit.ts';
import { payDebts, readDebt, reverseCredit } from './debts.ts';
import { credit } from './ledger.ts';
import { minutesOf } from './minutes.ts';
import { kopecksOf } from './money.ts';

async function open(t: TestContext) {
  const books = await openBooks(t);
  const { knex } = books;
  let keys = 0;
  return {
    ...books,
    /** A deposit at 5 roubles a minute, which pays debts. Returns the ledger row's id. */
    deposit: (userId: string, hundredths: number) =>
      knex.transaction(async (transaction) => {
        const minutes = minutesOf(hundredths);
        const price = kopecksOf(hundredths * 5);
        const entry = { userId, type: 'deposit', minutes, price, idempotencyKey: `deposit:${keys++}` } as const;
        const { transactionId } = await credit(transaction, entry);
        await payDebts(transaction, { userId, transactionId, minutes });
        return transactionId;
      }),
    reverse: async (userId: string, creditId: string, hundredths: number) => {
      const { taken, owed, transactionId } = await knex.transaction((transaction) =>
        reverseCredit(transaction, {
          userId,
          creditId,
          minutes: minutesOf(hundredths),
          idempotencyKey: `reversal:${keys++}`,
          reason: 'refund',
        }),
      );
      assert.equal(transactionId !== undefined, taken > 0, 'a row of the ledger where something was taken');
      return { taken, owed };
    },
    adjust: (userId: string, hundredths: number, idempotencyKey = `adjustment:${keys++}`) =>
      knex.transaction((transaction) =>
        postAdjustment(transaction, { userId, minutes: minutesOf(hundredths), idempotencyKey, reason: 'a test' }),
      ),
    lots: async (userId: string): Promise<string[]> =>
      (await knex('wallet_lots').where('user_account_id', userId).orderBy('created_at').pluck('remaining')) as string[],
  };
}

describe('a reversal', () => {
  it('takes what is left of the credit itself before anything else', async (t) => {
    const { billing, learnerWith, deposit, reverse, wallet, lots } = await open(t);
    const userId = await learnerWith(1_000);
    const creditId = await deposit(userId, 600);
    assert.deepEqual(await reverse(userId, creditId, 250), { taken: 250, owed: 0 });
    assert.deepEqual(await wallet(userId), [13.5, 0]);
    assert.deepEqual(await lots(userId), ['10.00', '3.50']);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('then takes free minutes, then the oldest', async (t) => {
    const { billing, learnerWith, deposit, reverse, adjust, lots } = await open(t);
    const userId = await learnerWith(0);
    await deposit(userId, 500);
    const creditId = await deposit(userId, 600);
    await adjust(userId, -700); // the first deposit and two minutes of the second
    await adjust(userId, 100);
    assert.deepEqual(await reverse(userId, creditId, 600), { taken: 500, owed: 100 });
    assert.deepEqual(await lots(userId), ['0.00', '0.00', '0.00']);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('never takes what is held for a call', async (t) => {
    const { billing, learnerWith, deposit, reverse, goLive, wallet, knex } = await open(t);
    const userId = await learnerWith(0);
    const creditId = await deposit(userId, 500);
    const callId = await goLive(userId);
    assert.deepEqual(await reverse(userId, creditId, 500), { taken: 300, owed: 200 });
    assert.deepEqual(await wallet(userId), [2, 2]);
    assert.deepEqual(await billing.meter.beat(callId, 90_000), { heldMs: 120_000, coveredMs: 120_000 });
    await billing.meter.end(callId, { reason: 'no_minutes', talkedMs: 115_000 });
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 2);
    assert.deepEqual(await wallet(userId), [0, 0]);
    assert.equal(await readDebt(knex, userId), 200);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('of what was spent is owed, and the next deposits pay it first', async (t) => {
    const { billing, learnerWith, deposit, reverse, adjust, give, wallet, knex } = await open(t);
    const userId = await learnerWith(0);
    const first = await deposit(userId, 1_000);
    await adjust(userId, -1_000);
    assert.deepEqual(await reverse(userId, first, 400), { taken: 0, owed: 400 });
    assert.deepEqual(await reverse(userId, first, 600), { taken: 0, owed: 600 });
    await give({ userId, type: 'gift', hundredths: 50, idempotencyKey: 'gift' });
    assert.deepEqual(await wallet(userId), [0.5, 0], 'a gift pays no debt');

    await deposit(userId, 300);
    assert.deepEqual(await wallet(userId), [0.5, 0]);
    assert.equal(await readDebt(knex, userId), 700);
    await deposit(userId, 1_500);
    assert.deepEqual(await wallet(userId), [8.5, 0]);
    assert.equal(await readDebt(knex, userId), 0);
    const reversed = await knex('wallet_transactions')
      .where('reverses_id', first)
      .sum('minutes_delta as total')
      .first();
    assert.equal(reversed?.['total'], '-10.00');
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('is posted by nobody beyond what it reverses', async (t) => {
    const { learnerWith, deposit, reverse, knex, wallet } = await open(t);
    const userId = await learnerWith(1_000);
    const creditId = await deposit(userId, 300);
    await reverse(userId, creditId, 200);
    const refused = { code: '23514', constraint: 'wallet_transactions_reversal_within' };
    await assert.rejects(reverse(userId, creditId, 101), refused);
    const other = await learnerWith(1_000);
    await assert.rejects(reverse(other, creditId, 50), refused);
    const reversal: { id: string } | undefined = await knex('wallet_transactions')
      .where('type', 'reversal')
      .first('id');
    await assert.rejects(reverse(userId, reversal?.id ?? '', 1), refused);
    assert.deepEqual(await wallet(userId), [11, 0]);
  });
});

describe('an adjustment', () => {
  it('gives and takes, once per key', async (t) => {
    const { billing, learnerWith, adjust, wallet } = await open(t);
    const userId = await learnerWith(0);
    assert.equal((await adjust(userId, 550, 'up')).posted, true);
    assert.equal((await adjust(userId, 550, 'up')).posted, false);
    assert.equal((await adjust(userId, -50, 'down')).balanceAfter, 500);
    assert.equal((await adjust(userId, -50, 'down')).posted, false);
    await assert.rejects(adjust(userId, -60, 'down'), { code: 'idempotency_key_reused' });
    assert.deepEqual(await wallet(userId), [5, 0]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('takes nothing that is spent or held', async (t) => {
    const { billing, learnerWith, adjust, goLive, wallet } = await open(t);
    const userId = await learnerWith(500);
    await goLive(userId);
    await assert.rejects(adjust(userId, -301), { code: 'minutes_not_available' });
    await adjust(userId, -300);
    await assert.rejects(adjust(userId, -1), { code: 'minutes_not_available' });
    assert.deepEqual(await wallet(userId), [2, 2]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });
});
