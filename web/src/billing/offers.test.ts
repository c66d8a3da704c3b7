import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Package } from '../api/types.ts';
import { nextOffer, offerFor, savedKopecks } from './offers.ts';

const offer = (min: number, discount: number): Package => ({
  id: String(min),
  name: `From ${min}`,
  name_ru: null,
  min_amount_rub: min,
  discount_percent: discount,
  minutes_at_minimum: min / 5,
  price_per_minute_rub: 5,
});
const packages = [offer(300, 0), offer(1_000, 10), offer(3_000, 15)];

test('the greatest minimum that the amount reaches applies', () => {
  assert.equal(offerFor(29_999, packages), undefined);
  assert.equal(offerFor(30_000, packages)?.id, '300');
  assert.equal(offerFor(99_999, packages)?.id, '300');
  assert.equal(offerFor(100_000, packages.toReversed())?.id, '1000');
  assert.equal(offerFor(9_000_000, packages)?.id, '3000');
});

test('the next package is named when it is near and cheaper', () => {
  assert.deepEqual(nextOffer(90_000, packages), { offer: packages[1], missingKopecks: 10_000 });
  assert.equal(nextOffer(50_000, packages), undefined, 'twice the amount is not near');
  assert.equal(nextOffer(25_000, packages), undefined, 'a package without a discount is no reason to pay more');
  assert.equal(nextOffer(300_000, packages), undefined, 'there is none above the last');
});

test('what is saved is counted against the full price', () => {
  assert.deepEqual(packages.map(savedKopecks), [0, 11_111, 52_941]);
});
