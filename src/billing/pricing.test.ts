import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../testing/properties.ts';
import { kopecksOf, type Kopecks } from './money.ts';
import { findContradiction, minutesFor, pricePerMinute, quote, type PricedPackage } from './pricing.ts';
import { BASE_RATE_PER_MINUTE } from './tariff.ts';

const base = { ratePerMinute: BASE_RATE_PER_MINUTE };

function offer(minAmount: number, discountBasisPoints: number): PricedPackage {
  return { id: `from ${minAmount}`, name: 'Offer', minAmount: kopecksOf(minAmount), discountBasisPoints };
}

describe('what an amount buys', () => {
  for (const [kopecks, discount, hundredths] of [
    [1_500, 0, 300],
    [100_000, 1_000, 22_222],
    [500, 0, 100],
    [499, 0, 99],
    [5, 0, 1],
    [4, 0, 0],
    [100_000, 9_999, 200_000_000],
    [33_333, 333, 6_896],
    [30_000, 0, 6_000],
  ] as const) {
    it(`${kopecks} kopecks at ${discount} basis points: ${hundredths} hundredths of a minute`, () => {
      assert.equal(minutesFor(kopecksOf(kopecks), base, discount), hundredths);
    });
  }

  for (const discount of [-1, 10_000, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`refuses a discount of ${discount}`, () => {
      assert.throws(() => minutesFor(kopecksOf(1000), base, discount), RangeError);
      assert.throws(() => pricePerMinute(base, discount), RangeError);
    });
  }

  it('tells the price of a minute to the kopeck', () => {
    assert.equal(pricePerMinute(base, 0), 500);
    assert.equal(pricePerMinute(base, 1_000), 450);
    assert.equal(pricePerMinute(base, 333), 483);
    assert.equal(pricePerMinute(base, 9_999), 0);
  });

  it('refuses what buys nothing, and what the ledger cannot hold', () => {
    assert.throws(() => quote(kopecksOf(4), base, []), { code: 'amount_too_small' });
    assert.throws(() => quote(kopecksOf(99_000_000), { ratePerMinute: kopecksOf(1) }, [offer(1, 9_999)]), {
      code: 'amount_too_large',
    });
  });
});

describe('the package that applies', () => {
  const offers = [offer(100_000, 1_000), offer(30_000, 0), offer(500_000, 2_000)];
  for (const [kopecks, minimum] of [
    [29_999, undefined],
    [30_000, 30_000],
    [99_999, 30_000],
    [100_000, 100_000],
    [100_001, 100_000],
    [10_000_000, 500_000],
  ] as const) {
    it(`for ${kopecks} kopecks is the one from ${minimum}`, () => {
      assert.equal(quote(kopecksOf(kopecks), base, offers).package?.minAmount, minimum);
    });
  }
});

describe('packages that contradict each other', () => {
  it('are found with the two amounts', () => {
    const found = findContradiction([offer(100_000, 500), offer(30_000, 1_000)]);
    assert.equal(found?.smaller.amount, 99_999);
    assert.equal(found.larger.amount, 100_000);
    assert.equal(findContradiction([offer(100_000, 1_000), offer(30_000, 1_000)]), undefined);
    assert.equal(findContradiction([offer(100_000, 0)]), undefined);
    assert.equal(findContradiction([]), undefined);
  });

  const offers = fc.uniqueArray(
    fc.record({ min: fc.integer({ min: 1, max: 300_000 }), discount: fc.integer({ min: 0, max: 9_999 }) }),
    { minLength: 1, maxLength: 5, selector: ({ min }) => min },
  );
  const rates = fc.integer({ min: 1, max: 1_000_000 });

  it('are all there is that makes more money buy less', () => {
    fc.assert(
      fc.property(offers, rates, fc.integer({ min: 1, max: 400_000 }), (some, rate, kopecks) => {
        const packages = some.map(({ min, discount }) => offer(min, discount));
        fc.pre(findContradiction(packages) === undefined);
        const tariff = { ratePerMinute: kopecksOf(rate) };
        const bought = (amount: number): number => boughtFor(kopecksOf(amount), tariff.ratePerMinute, packages);
        const amounts = [kopecks, ...packages.map(({ minAmount }): number => minAmount)];
        for (const amount of amounts) {
          assert.ok(Number.isSafeInteger(bought(amount)) && bought(amount) >= 0);
          assert.ok(bought(amount) <= bought(amount + 1), `${amount}`);
          if (amount > 1) assert.ok(bought(amount - 1) <= bought(amount), `${amount}`);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('do so at some rate', () => {
    fc.assert(
      fc.property(offers, (some) => {
        const packages = some.map(({ min, discount }) => offer(min, discount));
        const found = findContradiction(packages);
        fc.pre(found !== undefined);
        // In units small enough for no rounding to hide it.
        const exact = ({ amount, package: { discountBasisPoints } }: typeof found.smaller): bigint =>
          (BigInt(amount) * 10n ** 30n) / BigInt(10_000 - discountBasisPoints);
        assert.ok(found.smaller.amount < found.larger.amount);
        assert.ok(exact(found.smaller) > exact(found.larger));
      }),
    );
  });
});

function boughtFor(amount: Kopecks, ratePerMinute: Kopecks, packages: readonly PricedPackage[]): number {
  const reached = packages.filter(({ minAmount }) => minAmount <= amount);
  const discount = reached.toSorted((one, other) => other.minAmount - one.minAmount)[0]?.discountBasisPoints ?? 0;
  return minutesFor(amount, { ratePerMinute }, discount);
}
