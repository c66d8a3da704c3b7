import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../testing/properties.ts';
import { openBooks, type Books } from '../testing/books.ts';
import { debitAvailable } from './debit.ts';
import { minutesOf } from './minutes.ts';

async function take({ knex }: Books, userId: string, hundredths: number): Promise<void> {
  await knex.transaction((transaction) =>
    debitAvailable(transaction, {
      userId,
      type: 'adjustment',
      minutes: minutesOf(hundredths),
      idempotencyKey: crypto.randomUUID(),
      reason: 'taken',
    }),
  );
}

/** What was taken from the user's lots, the oldest lot first. */
async function takenFrom({ knex }: Books, userId: string): Promise<[string, number][]> {
  const rows: { minutes: string; amount_kopecks: number }[] = await knex('wallet_lot_allocations as a')
    .join('wallet_lots as l', 'l.id', 'a.wallet_lot_id')
    .where('l.user_account_id', userId)
    .orderBy('l.created_at')
    .select('a.minutes', 'a.amount_kopecks');
  return rows.map(({ minutes, amount_kopecks }) => [minutes, amount_kopecks]);
}

describe('spending from lots', () => {
  it('takes free minutes first, then the oldest', async (t) => {
    const books = await openBooks(t);
    const userId = await books.learnerWith(0);
    await books.give({ userId, type: 'deposit', hundredths: 300, price: 1500, idempotencyKey: 'deposit:1' });
    await books.give({ userId, type: 'gift', hundredths: 150, idempotencyKey: 'gift:1' });
    await books.give({ userId, type: 'deposit', hundredths: 500, price: 2000, idempotencyKey: 'deposit:2' });
    await take(books, userId, 500);
    assert.deepEqual(await takenFrom(books, userId), [
      ['3.00', 1500],
      ['1.50', 0],
      ['0.50', 200],
    ]);
    assert.deepEqual(await books.billing.checkInvariants(), []);
  });

  it('refuses to spend what is not there, or nothing', async (t) => {
    const books = await openBooks(t);
    const { knex } = books;
    const userId = await books.learnerWith(99);
    const row = await knex('wallet_transactions').first('id');
    for (const minutes of ['1.00', '0', '-1']) {
      await assert.rejects(knex.raw('SELECT spend_lots(?, ?, ?)', [userId, row.id, minutes]), { code: '23514' });
    }
    assert.deepEqual(await books.billing.checkInvariants(), []);
  });

  it('recognizes exactly the price of a lot, in whatever pieces it is used up', async (t) => {
    const books = await openBooks(t);
    const pieces = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 100_000_000 }), async (parts, price) => {
        const userId = await books.learnerWith(0);
        const hundredths = parts.reduce((sum, part) => sum + part, 0);
        await books.give({ userId, type: 'deposit', hundredths, price, idempotencyKey: `deposit:${userId}` });
        for (const part of parts) await take(books, userId, part);
        const amounts = (await takenFrom(books, userId)).map(([, amount]) => amount);
        assert.ok(amounts.every((amount) => amount >= 0));
        assert.equal(
          amounts.reduce((sum, amount) => sum + amount, 0),
          price,
        );
      }),
      { numRuns: 40 },
    );
    assert.deepEqual(await books.billing.checkInvariants(), []);
  });
});
