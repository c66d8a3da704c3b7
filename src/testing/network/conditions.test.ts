import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fate, type NetworkConditions } from './conditions.ts';

const PACKETS = 20_000;

const fatesOf = (conditions: NetworkConditions, seed: number) => {
  const fate = new Fate(conditions, seed);
  return Array.from({ length: PACKETS }, () => fate.next());
};

const share = (found: number) => (100 * found) / PACKETS;

test('a perfect network changes nothing', () => {
  assert.ok(fatesOf({}, 1).every((delays) => delays.length === 1 && delays[0] === 0));
});

test('what is asked for happens about as often as asked, and no more is late than may be', () => {
  const fates = fatesOf(
    { lossPercent: 5, delayMs: 40, jitterMs: 30, reorderPercent: 10, reorderMs: 60, duplicatePercent: 3 },
    7,
  );
  const lost = share(fates.filter((delays) => delays.length === 0).length);
  assert.ok(lost > 4.5 && lost < 5.5, `${lost} % lost`);
  const twice = share(fates.filter((delays) => delays.length === 2).length);
  assert.ok(twice > 2.4 && twice < 3.4, `${twice} % twice`);
  const firsts = fates.flatMap((delays) => delays.slice(0, 1));
  assert.ok(firsts.every((delay) => delay >= 40 && delay < 130));
  const held = share(firsts.filter((delay) => delay >= 100).length);
  assert.ok(held > 8.5 && held < 10.5, `${held} % held back`);
  const mean = firsts.reduce((sum, delay) => sum + delay, 0) / firsts.length;
  assert.ok(mean > 59 && mean < 63, `${mean} ms on average`);
});

test('the same seed tells the same fates, another one others', () => {
  const conditions = { lossPercent: 10, jitterMs: 20 };
  assert.deepEqual(fatesOf(conditions, 3), fatesOf(conditions, 3));
  assert.notDeepEqual(fatesOf(conditions, 3), fatesOf(conditions, 4));
});

test('more loss loses what less loss lost, and more', () => {
  const little = fatesOf({ lossPercent: 2 }, 5);
  const much = fatesOf({ lossPercent: 10 }, 5);
  assert.ok(little.every((delays, index) => delays.length > 0 || much[index]!.length === 0));
});
