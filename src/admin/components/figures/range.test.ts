import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { daysOf, lengthOf, presetOf, todayIn } from './range.ts';

describe('the ranges of the pages', () => {
  it('begin and end where the figures’ clock stands', () => {
    const now = new Date('2026-03-01T21:30:00Z');
    assert.equal(todayIn('Europe/Moscow', now), '2026-03-02');
    assert.equal(todayIn('America/New_York', now), '2026-03-01');
  });

  it('are whole days, both ends included', () => {
    const today = '2026-03-01';
    assert.deepEqual(daysOf('today', today), { from: today, to: today });
    assert.deepEqual(daysOf('yesterday', today), { from: '2026-02-28', to: '2026-02-28' });
    assert.deepEqual(daysOf('thisMonth', today), { from: today, to: today });
    assert.deepEqual(daysOf('lastMonth', today), { from: '2026-02-01', to: '2026-02-28' });
    assert.deepEqual(daysOf('lastMonth', '2026-01-31'), { from: '2025-12-01', to: '2025-12-31' });
    const lengths = (['week', 'month30', 'quarter'] as const).map((preset) => lengthOf(daysOf(preset, today)));
    assert.deepEqual(lengths, [7, 30, 90]);
  });

  it('are known again', () => {
    assert.equal(presetOf({ from: '2026-02-01', to: '2026-02-28' }, '2026-03-15'), 'lastMonth');
    assert.equal(presetOf({ from: '2026-02-01', to: '2026-02-27' }, '2026-03-15'), undefined);
  });
});
