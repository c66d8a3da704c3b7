import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createSilentLogger } from '../platform/log.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  createTestStore,
  openTestQueues,
  startTestWorkers,
  STORE_KINDS,
  type TestStore,
} from '../testing/queue-stores.ts';
import { until } from '../testing/until.ts';
import { JOBS } from './definitions.ts';
import { keepSchedules } from './schedules.ts';

/** As a store does that forgets. */
async function lose({ databaseUrl, redisUrl }: TestStore, jobId: string): Promise<void> {
  if (redisUrl === undefined) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('DELETE FROM bullmq.job WHERE id = $1', [jobId]);
    await client.end();
  } else {
    const redis = new Redis(redisUrl);
    await redis.zrem('ailingva:nightly:delayed', jobId);
    await redis.del(`ailingva:nightly:${jobId}`);
    redis.disconnect();
  }
}

/** As if the job had died two days ago. */
async function age({ databaseUrl, redisUrl }: TestStore, jobId: string): Promise<void> {
  const diedAtMs = Date.now() - 2 * 24 * 3_600_000;
  if (redisUrl === undefined) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('UPDATE bullmq.job SET finished_at_ms = $1 WHERE id = $2', [diedAtMs, jobId]);
    await client.end();
  } else {
    const redis = new Redis(redisUrl);
    await redis.zadd('ailingva:upkeep:failed', diedAtMs, jobId);
    await redis.hset(`ailingva:upkeep:${jobId}`, 'finishedOn', diedAtMs);
    redis.disconnect();
  }
}

const byTime = (one: Job, other: Job): number => one.timestamp + one.delay - other.timestamp - other.delay;

const timeIn = (timeZone: string, ms: number | undefined): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(ms);

for (const kind of STORE_KINDS) {
  describe(`schedules in ${kind}`, () => {
    it('stand as the settings say, a minute after a change at most, and lose no run', async (t) => {
      const store = await createTestStore(kind, t);
      const queues = openTestQueues(store);
      const nightly = await queues.queue('nightly');
      await nightly.upsertJobScheduler('forgotten', { every: 60_000 }, { name: 'forgotten' });
      const clock = new FakeClock();
      let plan = { timeZone: 'Europe/Moscow', reconcileTime: '04:30' };
      const schedules = keepSchedules({ queues, plan: async () => plan, clock, log: createSilentLogger() });
      store.opened.push(() => schedules.close());

      await until(async () => (await nightly.getJobSchedulers()).length === 4, 'the schedules');
      await until(async () => (await nightly.getJobScheduler('forgotten')) === undefined, 'the forgotten one to go');
      const reconcile = await nightly.getJobScheduler('reconcile-ledger');
      assert.equal(timeIn('Europe/Moscow', reconcile?.next), '04:30:10');
      const closing = await nightly.getJobScheduler('close-days');
      assert.equal(timeIn('Europe/Moscow', closing?.next), '00:15:10');

      // Looked at again, what stands is left alone.
      const waiting = await nightly.getJobs('delayed');
      await clock.advance(60_000);
      plan = { timeZone: 'America/New_York', reconcileTime: '05:00' };
      await clock.advance(60_000);
      await until(async () => {
        await clock.advance(60_000);
        return (await nightly.getJobScheduler('delete-recordings'))?.tz === plan.timeZone;
      }, 'the other time zone');
      assert.equal(timeIn(plan.timeZone, (await nightly.getJobScheduler('reconcile-ledger'))?.next), '05:00:10');
      assert.equal((await nightly.getJobs('delayed')).length, waiting.length);

      // A chain whose next run is gone is begun again.
      const [lost] = await nightly.getJobs('delayed');
      assert.ok(lost?.id !== undefined && lost.repeatJobKey !== undefined);
      await lose(store, lost.id);
      await until(async () => {
        await clock.advance(60_000);
        const next = (await nightly.getJobScheduler(lost.repeatJobKey ?? ''))?.next;
        return (await nightly.getJob(`repeat:${lost.repeatJobKey}:${next}`)) !== undefined;
      }, 'the chain to go on');
    });

    it('are done again and again, and what died long ago goes', async (t) => {
      const store = await createTestStore(kind, t);
      const queues = openTestQueues(store);
      const fail = () => Promise.reject(new Error('The server is away'));
      const failing = startTestWorkers(store, queues, { 'send-mail': fail });
      for (const count of [1, 2]) {
        await queues.enqueue('send-mail', {});
        await until(async () => (await queues.dead()).length === count, 'a dead job');
      }
      await failing.close();
      const [old, recent] = await queues.dead();
      await age(store, old?.id.replace('upkeep/', '') ?? '');
      let mails = 0;
      startTestWorkers(store, queues, { 'send-mail': async () => void (mails += 1) });
      const schedules = keepSchedules({
        queues,
        plan: async () => ({ timeZone: 'Europe/Moscow', reconcileTime: '04:00' }),
        clock: new FakeClock(),
        log: createSilentLogger(),
      });
      store.opened.push(() => schedules.close());
      await until(() => mails >= 2, 'two runs');
      await until(async () => (await queues.dead()).length < 2, 'the dead job of long ago to go');
      assert.deepEqual(
        (await queues.dead()).map(({ id }) => id),
        [recent?.id],
      );
    });

    it('are tried again at night when a run fails, can be replayed when given up, and go on the next day', async (t) => {
      const store = await createTestStore(kind, t);
      const queues = openTestQueues(store);
      const { attempts } = JOBS['close-days'];
      let closings = 0;
      startTestWorkers(store, queues, {
        'close-days': async () => {
          closings += 1;
          if (closings <= attempts) throw new Error('The database is away');
        },
      });
      const schedules = keepSchedules({
        queues,
        plan: async () => ({ timeZone: 'Europe/Moscow', reconcileTime: '04:00' }),
        clock: new FakeClock(),
        log: createSilentLogger(),
      });
      store.opened.push(() => schedules.close());
      const nightly = await queues.queue('nightly');
      const waiting = async () =>
        (await nightly.getJobs('delayed')).filter(({ name }) => name === 'close-days').toSorted(byTime);
      await until(async () => (await waiting()).length === 1, 'the schedule');

      // The night has come; then a minute, and two, and so on.
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const [due] = await waiting();
        assert.equal(due?.attemptsMade, attempt - 1);
        await due.promote();
        await until(() => closings === attempt, `attempt ${attempt}`);
        // The next night's run, and this one's next attempt.
        await until(async () => (await waiting()).length === (attempt < attempts ? 2 : 1), 'what comes next');
      }
      const [dead, ...others] = await queues.dead();
      assert.deepEqual([dead?.job, dead?.error, others.length], ['close-days', 'The database is away', 0]);
      assert.equal(await queues.replay(dead?.id ?? ''), true);
      await until(async () => closings === attempts + 1 && (await queues.dead()).length === 0, 'the replayed run');
      const [tomorrow] = await waiting();
      assert.equal(timeIn('Europe/Moscow', (tomorrow?.timestamp ?? 0) + (tomorrow?.delay ?? 0)), '00:15:10');
      assert.deepEqual(await queues.dead(), []);
    });
  });
}
