import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { kopecksOf } from './money.ts';
import { wholeMinutes } from './minutes.ts';
import {
  BASE_RATE_PER_MINUTE,
  billedMinutes,
  durationSeconds,
  fromSnapshot,
  listAmount,
  toSnapshot,
} from './tariff.ts';

const plenty = wholeMinutes(100_000);

describe('tariff', () => {
  for (const [talkedMs, minutes] of [
    [0, 1],
    [999, 1],
    [59_999, 1],
    [60_000, 1],
    [60_004, 1],
    [60_999, 1],
    [61_000, 2],
    [120_000, 2],
    [120_999, 2],
    [121_000, 3],
  ] as const) {
    it(`bills ${talkedMs} ms as ${minutes}`, () => {
      assert.equal(billedMinutes(durationSeconds(talkedMs), plenty), minutes);
    });
  }

  it('bills each started minute once and at least one', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (seconds) => {
        const billed = billedMinutes(seconds, wholeMinutes(1_000_000));
        assert.ok(billed >= 1);
        assert.ok(billed * 60 >= seconds, 'less was billed than was talked');
        assert.ok(billed === 1 || (billed - 1) * 60 < seconds, 'a minute was billed that had not begun');
      }),
    );
  });

  it('never bills more than was held', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 500 }), (seconds, held) => {
        assert.ok(billedMinutes(seconds, wholeMinutes(held)) <= held);
      }),
    );
  });

  it('costs 300 roubles an hour', () => {
    assert.equal(listAmount(60, { ratePerMinute: BASE_RATE_PER_MINUTE }), 30_000);
  });

  it('keeps its price in the snapshot', () => {
    const tariff = { ratePerMinute: kopecksOf(733) };
    assert.deepEqual(fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(tariff)))), tariff);
    assert.throws(() => fromSnapshot({ rate_kopecks_per_minute: 1.5 }));
    assert.throws(() => fromSnapshot(null));
  });
});
