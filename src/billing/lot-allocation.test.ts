import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { allocate, type Lot } from './lot-allocation.ts';
import { kopecksOf } from './money.ts';
import { minutesOf, wholeMinutes } from './minutes.ts';

function lot(id: string, remaining: number, options: { minutes?: number; price?: number } = {}): Lot {
  const price = options.price ?? 0;
  return {
    id,
    kind: price > 0 ? 'paid' : 'free',
    minutes: minutesOf(options.minutes ?? remaining),
    remaining: minutesOf(remaining),
    price: kopecksOf(price),
  };
}

describe('allocation to lots', () => {
  it('takes free minutes first, then the oldest', () => {
    const lots = [lot('bought-1', 300, { price: 1500 }), lot('gift', 150), lot('bought-2', 500, { price: 2000 })];
    assert.deepEqual(allocate(lots, wholeMinutes(5)), [
      { lotId: 'gift', minutes: 150, amount: 0 },
      { lotId: 'bought-1', minutes: 300, amount: 1500 },
      { lotId: 'bought-2', minutes: 50, amount: 200 },
    ]);
  });

  it('passes over lots that are empty', () => {
    assert.deepEqual(allocate([lot('empty', 0, { minutes: 100 }), lot('full', 100)], wholeMinutes(1)), [
      { lotId: 'full', minutes: 100, amount: 0 },
    ]);
  });

  it('refuses to spend what is not there, or nothing', () => {
    assert.throws(() => allocate([lot('a', 99)], wholeMinutes(1)), RangeError);
    assert.throws(() => allocate([], wholeMinutes(1)), RangeError);
    assert.throws(() => allocate([lot('a', 100)], minutesOf(0)), RangeError);
  });

  it('recognizes exactly the price of a lot, in whatever pieces it is used up', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 100_000_000 }), (parts, price) => {
        const minutes = parts.reduce((sum, part) => sum + part, 0);
        let remaining = minutes;
        let recognized = 0;
        for (const part of parts) {
          const [allocation] = allocate([lot('bought', remaining, { minutes, price })], minutesOf(part));
          assert.ok(allocation && allocation.amount >= 0);
          recognized += allocation.amount;
          remaining -= part;
        }
        assert.equal(recognized, price);
      }),
    );
  });
});
