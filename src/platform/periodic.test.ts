import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase } from '../testing/test-database.ts';
import { until } from '../testing/until.ts';
import { systemClock } from './clock.ts';
import { createSilentLogger } from './log.ts';
import { onlyOne, startPeriodic } from './periodic.ts';

const log = createSilentLogger();

test('a failure does not end the repetition, and nothing runs after the close', async () => {
  const third = Promise.withResolvers<void>();
  let runs = 0;
  const periodic = startPeriodic({
    name: 'test',
    everyMs: 1,
    clock: systemClock,
    log,
    async task() {
      runs += 1;
      if (runs === 3) third.resolve();
      throw new Error('again');
    },
  });
  await third.promise;
  await periodic.close();
  const atClose = runs;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(runs, atClose);
});

test('closing waits for the run under way', async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const events: string[] = [];
  const periodic = startPeriodic({
    name: 'test',
    everyMs: 1,
    clock: systemClock,
    log,
    async task() {
      begun.resolve();
      await finish.promise;
      events.push('finished');
    },
  });
  await begun.promise;
  const closed = periodic.close().then(() => events.push('closed'));
  finish.resolve();
  await closed;
  assert.deepEqual(events, ['finished', 'closed']);
});

test('of two at once only one works, and the lock is free afterwards', async (t) => {
  const { knex } = await createTestDatabase(t);
  const outcome = await onlyOne(knex, 'test', async () => {
    assert.equal(await onlyOne(knex, 'test', async () => assert.fail('both worked')), false);
  });
  assert.equal(outcome, true);
  await assert.rejects(
    onlyOne(knex, 'test', async () => {
      throw new Error('failed at work');
    }),
    /failed at work/,
  );
  assert.equal(await onlyOne(knex, 'test', async () => {}), true);
});

test('one that is stopped at its work keeps others from it for some time only', async (t) => {
  const { knex } = await createTestDatabase(t);
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const first = onlyOne(
    knex,
    'test',
    () => {
      begun.resolve();
      return stopped.promise;
    },
    { longestMs: 300 },
  );
  first.catch(() => {});
  await begun.promise;
  await until(() => onlyOne(knex, 'test', async () => {}), 'the lock');
  stopped.resolve();
  await assert.rejects(first);
});
