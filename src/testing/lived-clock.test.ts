import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LivedClock } from './lived-clock.ts';

it('counts a stall as a moment, and gives what waited its turn before a deadline passes', async () => {
  const clock = new LivedClock();
  const startMs = clock.monotonicMs();
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const deadline = clock.after(200, () => resolve('late'));
  const work = new Promise<'done'>((done) => setTimeout(() => setImmediate(() => done('done')), 1));
  // The whole process stands still, for longer than the deadline.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  assert.equal(await Promise.race([late, work]), 'done');
  assert.ok(clock.monotonicMs() - startMs < 200);
  deadline.cancel();
});

it('fires what is due, in order, and not what was cancelled', async () => {
  const clock = new LivedClock();
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(40, () => resolve());
  clock.after(20, () => fired.push('second'));
  const third = clock.after(20, () => fired.push('never'));
  clock.after(0, () => {
    fired.push('first');
    third.cancel();
  });
  await promise;
  assert.deepEqual(fired, ['first', 'second']);
});
