import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kopecksOf, readAmount, writeAmount } from './amount.ts';

test('a sum is read as people write it', () => {
  for (const [text, kopecks] of [
    ['1000', 100_000],
    [' 1 000 ', 100_000],
    ['1\u00a0000,5 ₽', 100_050],
    ['0.07', 7],
    ['19.99', 1_999],
    ['300.', 30_000],
  ] as const) {
    assert.deepEqual(readAmount(text), { kind: 'amount', kopecks }, text);
  }
});

test('what is no sum is said to be none', () => {
  assert.deepEqual(readAmount('  '), { kind: 'empty' });
  for (const text of ['-5', '1e3', 'ten', '1,000.50', '1.234', '.5', '12345678901']) {
    assert.deepEqual(readAmount(text), { kind: 'unreadable' }, text);
  }
});

test('what is written is read again as the same sum', () => {
  for (const kopecks of [1, 99, 100, 100_050, 9_999_999]) {
    assert.deepEqual(readAmount(writeAmount(kopecks)), { kind: 'amount', kopecks });
  }
});

test('roubles of the API become kopecks exactly', () => {
  assert.deepEqual([0.29, 19.99, 1_000, 4.35].map(kopecksOf), [29, 1_999, 100_000, 435]);
});
