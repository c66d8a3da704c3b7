import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openBooks } from '../testing/books.ts';
import { credit } from './ledger.ts';
import { minutesOf } from './minutes.ts';
import { kopecksOf, NO_MONEY } from './money.ts';

describe('registration', () => {
  it('gives 60 free minutes once', async (t) => {
    const { knex, billing, learnerWith, wallet } = await openBooks(t);
    const userId = await learnerWith(0);
    await knex.transaction((transaction) => billing.onRegistered(transaction, userId));
    await knex.transaction((transaction) => billing.onRegistered(transaction, userId));
    assert.deepEqual(await wallet(userId), [60, 0]);
    const lots = await knex('wallet_lots').where('user_account_id', userId);
    assert.deepEqual(
      lots.map(({ kind, remaining }: { kind: string; remaining: string }) => [kind, remaining]),
      [['free', '60.00']],
    );
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('gives what the settings say', async (t) => {
    const { knex, billing, learnerWith, wallet } = await openBooks(t);
    await knex('settings').insert({ key: 'billing.trial_minutes', value: JSON.stringify(15) });
    const userId = await learnerWith(0);
    await knex.transaction((transaction) => billing.onRegistered(transaction, userId));
    assert.deepEqual(await wallet(userId), [15, 0]);
    await knex('settings').update({ value: JSON.stringify('many') });
    await assert.rejects(
      knex.transaction((transaction) => billing.onRegistered(transaction, userId)),
      { code: 'setting_invalid' },
    );
  });
});

describe('credits', () => {
  it('are posted once per key, also when they come at once', async (t) => {
    const { billing, knex, learnerWith, wallet } = await openBooks(t);
    const userId = await learnerWith(0);
    const deposit = {
      userId,
      type: 'deposit',
      minutes: minutesOf(10_050),
      price: kopecksOf(50_000),
      idempotencyKey: 'deposit:1',
    } as const;
    const postings = await Promise.all(
      [1, 2, 3, 4].map(() => knex.transaction((transaction) => credit(transaction, deposit))),
    );
    assert.equal(postings.filter(({ posted }) => posted).length, 1);
    assert.equal(new Set(postings.map(({ transactionId }) => transactionId)).size, 1);
    assert.deepEqual(await wallet(userId), [100.5, 0]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('refuse the key of another credit', async (t) => {
    const { knex, learnerWith } = await openBooks(t);
    const userId = await learnerWith(100);
    const other = { userId, type: 'gift', minutes: minutesOf(200), price: NO_MONEY } as const;
    await assert.rejects(
      knex.transaction((transaction) => credit(transaction, { ...other, idempotencyKey: `gift:${userId}` })),
      { code: 'idempotency_key_reused' },
    );
  });

  it('refuse a user who is not there', async (t) => {
    const { knex } = await openBooks(t);
    const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
    const gift = {
      userId: nobody,
      type: 'gift',
      minutes: minutesOf(100),
      price: NO_MONEY,
      idempotencyKey: 'x',
    } as const;
    await assert.rejects(
      knex.transaction((transaction) => credit(transaction, gift)),
      { code: 'user_not_found' },
    );
  });
});
