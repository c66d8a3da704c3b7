import assert from 'node:assert/strict';
import { it } from 'node:test';
import { leavesOf, numberOf, withLeaf } from './values.ts';

it('takes numbers as people of both languages type them, and nothing else for one', () => {
  assert.deepEqual(['0,35', '0.35', '10 485 760', '-3'].map(numberOf), [0.35, 0.35, 10_485_760, -3]);
  for (const typed of ['', 'soon', '1e3', '0x10', '1.2.3', 'Infinity']) assert.equal(numberOf(typed), typed);
});

it('changes one price and leaves the others', () => {
  const prices = { stt: { local: 0, yandex: 5 }, tutor: { openai: { input: 7 } } };
  const changed = withLeaf(prices, ['tutor', 'openai', 'input'], 8);
  assert.deepEqual(leavesOf(changed), [
    { path: 'stt.local', number: 0 },
    { path: 'stt.yandex', number: 5 },
    { path: 'tutor.openai.input', number: 8 },
  ]);
  assert.equal(prices.tutor.openai.input, 7);
});
