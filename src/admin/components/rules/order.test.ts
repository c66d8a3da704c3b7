import assert from 'node:assert/strict';
import { it } from 'node:test';
import { moved } from './order.ts';

it('puts one in the place of another, whatever stands unseen between them', () => {
  const all = ['a', 'b', 'c', 'd'];
  assert.deepEqual(moved(all, 'a', 'c'), ['b', 'c', 'a', 'd']);
  assert.deepEqual(moved(all, 'd', 'b'), ['a', 'd', 'b', 'c']);
  assert.deepEqual(moved(all, 'b', 'b'), all);
  assert.deepEqual(moved(all, 'x', 'b'), all);
});
