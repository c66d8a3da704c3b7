import assert from 'node:assert/strict';
import { it } from 'node:test';
import { amountIn, leavesOf, numberOf, withLeaf } from './values.ts';

it('takes numbers as people of both languages type them, and nothing else for one', () => {
  assert.deepEqual(['0,35', '0.35', '10 485 760', '-3'].map(numberOf), [0.35, 0.35, 10_485_760, -3]);
  for (const typed of ['', 'soon', '1e3', '0x10', '1.2.3', 'Infinity']) assert.equal(numberOf(typed), typed);
});

it('changes one price and leaves the others', () => {
  const prices = { as_of: '2026-11-21', stt: { local: 0, yandex: 5 }, tutor: { openai: { input: 7 } } };
  const changed = withLeaf(prices, ['tutor', 'openai', 'input'], 8);
  assert.deepEqual(leavesOf(changed), [
    { path: 'as_of', value: '2026-11-21' },
    { path: 'stt.local', value: 0 },
    { path: 'stt.yandex', value: 5 },
    { path: 'tutor.openai.input', value: 8 },
  ]);
  assert.equal(prices.tutor.openai.input, 7);
});

it('writes prices in the currency of the engine', () => {
  assert.equal(amountIn('USD', 0.0045, 'en'), '$0.0045');
  assert.equal(amountIn(undefined, 0.64, 'en'), '₽0.64');
});
