import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kopecksOf } from './money.ts';
import { BASE_RATE_PER_MINUTE, fromSnapshot, toSnapshot } from './tariff.ts';

describe('tariff', () => {
  it('costs 300 roubles an hour', () => {
    assert.equal(60 * BASE_RATE_PER_MINUTE, 30_000);
  });

  it('keeps its price in the snapshot', () => {
    const tariff = { ratePerMinute: kopecksOf(733) };
    assert.deepEqual(fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(tariff)))), tariff);
    assert.throws(() => fromSnapshot({ rate_kopecks_per_minute: 1.5 }));
    assert.throws(() => fromSnapshot(null));
  });
});
