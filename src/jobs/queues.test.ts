import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { AppError } from '../platform/errors.ts';
import { within } from '../testing/caller/deadline.ts';
import { createTestStore, openTestQueues, STORE_KINDS, startTestWorkers } from '../testing/queue-stores.ts';
import { until } from '../testing/until.ts';
import { jobOptions } from './definitions.ts';
import type { Queues } from './queues.ts';
import type { Handlers } from './runner.ts';

const DEADLINE_MS = 60_000;

/** Calls as a handler sees them, and a promise for each that has come so often. */
function watchCalls() {
  const seen = new Map<string, number>();
  const waiting = new Set<{ callId: string; times: number; resolve: () => void }>();
  const tell = (callId: string): void => {
    seen.set(callId, (seen.get(callId) ?? 0) + 1);
    for (const one of waiting) if ((seen.get(one.callId) ?? 0) >= one.times) one.resolve();
  };
  const times = (callId: string): number => seen.get(callId) ?? 0;
  const came = (callId: string, often = 1): Promise<void> => {
    if (times(callId) >= often) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.add({ callId, times: often, resolve });
    return within(promise, DEADLINE_MS, 'a job to be done');
  };
  const handler: Handlers['finalize-call'] = async ({ callId }) => tell(callId);
  return { tell, times, came, handler };
}

const untilDead = (queues: Queues, count: number) =>
  until(async () => (await queues.dead()).length >= count, 'a dead job');

for (const kind of STORE_KINDS) {
  describe(`queues in ${kind}`, () => {
    const open = async (t: TestContext) => {
      const store = await createTestStore(kind, t);
      return { store, queues: openTestQueues(store) };
    };

    it('has a job done, and once though it is put in twice', async (t) => {
      const { store, queues } = await open(t);
      const calls = watchCalls();
      const callId = randomUUID();
      const other = randomUUID();
      assert.equal(await queues.enqueue('finalize-call', { callId }), true);
      assert.equal(await queues.enqueue('finalize-call', { callId }), true);
      assert.equal(await queues.enqueue('finalize-call', { callId: other }), true);
      startTestWorkers(store, queues, { 'finalize-call': calls.handler });
      await Promise.all([calls.came(callId), calls.came(other)]);
      assert.equal(calls.times(callId), 1);
      await assert.rejects(queues.enqueue('finalize-call', { callId: 'no id' }), { name: 'ZodError' });
    });

    it('tries again after a pause, and keeps what it gives up until somebody replays it', async (t) => {
      const { store, queues } = await open(t);
      const calls = watchCalls();
      const flaky = randomUUID();
      const hopeless = randomUUID();
      let mended = false;
      const handler: Handlers['finalize-call'] = async ({ callId }) => {
        calls.tell(callId);
        if (callId === flaky && calls.times(flaky) < 3) throw new Error('Not yet');
        if (callId === hopeless && !mended) {
          throw new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such call.' });
        }
      };
      startTestWorkers(store, queues, { 'finalize-call': handler });
      await queues.enqueue('finalize-call', { callId: flaky });
      await queues.enqueue('finalize-call', { callId: hopeless });
      await calls.came(flaky, 3);
      await untilDead(queues, 1);

      const [dead, ...others] = await queues.dead();
      assert.deepEqual(others, []);
      assert.equal(dead?.error, 'There is no such call.');
      assert.equal(dead.attempts, 1);
      assert.deepEqual([dead.queue, dead.job, dead.payload], ['calls', 'finalize-call', { callId: hopeless }]);

      mended = true;
      const replayed = await Promise.all([queues.replay(dead.id), queues.replay(dead.id)]);
      assert.equal(replayed.filter(Boolean).length, 1);
      await calls.came(hopeless, 2);
      await until(async () => (await queues.counts()).every(({ active, waiting }) => active + waiting === 0), 'an end');
      assert.equal(await queues.replay(dead.id), false);
      assert.equal(calls.times(hopeless), 2);
      assert.deepEqual(await queues.dead(), []);
      await assert.rejects(queues.replay(`calls/finalize-call-${randomUUID()}`), { code: 'job_not_found' });
      await assert.rejects(queues.replay('elsewhere/1'), { code: 'job_not_found' });
    });

    it('counts as waiting only what could be done, since when it could', async (t) => {
      const { store, queues } = await open(t);
      const HOUR_MS = 3_600_000;
      const options = { ...jobOptions('finalize-call'), timestamp: Date.now() - HOUR_MS };
      const waited = async (): Promise<number> =>
        (await queues.counts()).find(({ queue }) => queue === 'calls')?.oldestWaitingSec ?? -1;
      const calls = await queues.queue('calls');

      // As a schedule puts in the next night's run: it is due now.
      const due = await calls.add('finalize-call', { callId: randomUUID() }, { ...options, delay: HOUR_MS });
      assert.ok((await waited()) < 600, 'before its time');
      await due.promote();
      assert.ok((await waited()) < 600, 'in its time');
      await due.remove();

      // Put in an hour ago, failed now: the next attempt is still to come.
      const backoff = { type: 'fixed', delay: HOUR_MS } as const;
      await calls.add('finalize-call', { callId: randomUUID() }, { ...options, backoff });
      assert.ok((await waited()) >= 3_600, 'until somebody takes it');
      const failed = Promise.withResolvers<void>();
      const workers = startTestWorkers(store, queues, {
        'finalize-call': () => {
          failed.resolve();
          return Promise.reject(new Error('Not yet'));
        },
      });
      await within(failed.promise, DEADLINE_MS, 'the first attempt');
      await workers.close();
      assert.equal((await queues.counts()).find(({ queue }) => queue === 'calls')?.delayed, 1);
      assert.ok((await waited()) < 600, 'between two attempts');
    });

    it('gives up at once what it does not understand', async (t) => {
      const { store, queues } = await open(t);
      const calls = await queues.queue('calls');
      await calls.add('finalize-call', { callId: 7 }, { ...jobOptions('finalize-call'), jobId: 'wrong' });
      await calls.add('no-such-job', {}, { ...jobOptions('finalize-call'), jobId: 'unknown' });
      startTestWorkers(store, queues, {});
      await untilDead(queues, 2);
      const errors = (await queues.dead()).map(({ error }) => error).toSorted();
      assert.match(errors[0] ?? '', /finalize-call was told something/);
      assert.match(errors[1] ?? '', /no job named no-such-job/);
    });

    it('finishes what is under way when it is stopped, and takes nothing more', async (t) => {
      const { store, queues } = await open(t);
      const begun = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const calls = watchCalls();
      const slow = randomUUID();
      const workers = startTestWorkers(store, queues, {
        'finalize-call': async ({ callId }) => {
          begun.resolve();
          await finish.promise;
          calls.tell(callId);
        },
      });
      await queues.enqueue('finalize-call', { callId: slow });
      await within(begun.promise, DEADLINE_MS, 'the job to begin');
      const closed = workers.close();
      finish.resolve();
      await closed;
      assert.equal(calls.times(slow), 1);
      await queues.enqueue('finalize-call', { callId: randomUUID() });
      const of = (await queues.counts()).find(({ queue }) => queue === 'calls');
      assert.deepEqual([of?.waiting, of?.active, of?.dead, of?.done], [1, 0, 0, 1]);
      assert.ok((of?.oldestWaitingSec ?? -1) >= 0);
    });

    it('tells a job to stop that takes too long, and leaves it to another worker', async (t) => {
      const { store, queues } = await open(t);
      const begun = Promise.withResolvers<void>();
      const told = Promise.withResolvers<void>();
      const tooLate = Promise.withResolvers<void>();
      const workers = startTestWorkers(
        store,
        queues,
        {
          'finalize-call': (_payload, { signal }) => {
            signal.addEventListener('abort', () => told.resolve());
            begun.resolve();
            return tooLate.promise;
          },
        },
        { stopMs: 100 },
      );
      const callId = randomUUID();
      await queues.enqueue('finalize-call', { callId });
      await within(begun.promise, DEADLINE_MS, 'the job to begin');
      await workers.close();
      await within(told.promise, DEADLINE_MS, 'the job to be told');
      await queues.close();
      const calls = watchCalls();
      startTestWorkers(store, openTestQueues(store), { 'finalize-call': calls.handler });
      await calls.came(callId);
      tooLate.resolve();
    });

    it('takes up what a killed worker had begun', async (t) => {
      const { store, queues } = await open(t);
      const script = path.join(import.meta.dirname, '../testing/worker-process.ts');
      const child = fork(script, [store.databaseUrl, ...(store.redisUrl === undefined ? [] : [store.redisUrl])]);
      t.after(() => child.kill('SIGKILL'));
      const callId = randomUUID();
      await queues.enqueue('finalize-call', { callId });
      const [begun]: unknown[] = await within(once(child, 'message'), DEADLINE_MS, 'the child to begin');
      assert.equal(begun, callId);
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      const calls = watchCalls();
      startTestWorkers(store, queues, { 'finalize-call': calls.handler });
      await calls.came(callId);
      assert.equal(calls.times(callId), 1);
    });

    it('loses nothing when its store is restarted', async (t) => {
      const { store, queues } = await open(t);
      const calls = watchCalls();
      const callIds = Array.from({ length: 20 }, () => randomUUID());
      for (const callId of callIds) assert.equal(await queues.enqueue('finalize-call', { callId }), true);
      let restarted = false;
      const halfway = Promise.withResolvers<void>();
      const workers = startTestWorkers(store, queues, {
        'finalize-call': async ({ callId }) => {
          halfway.resolve();
          if (!restarted) await new Promise((resolve) => setTimeout(resolve, 20));
          calls.tell(callId);
        },
      });
      await within(halfway.promise, DEADLINE_MS, 'the first job');
      await store.restart();
      restarted = true;
      await Promise.all(callIds.map((callId) => calls.came(callId)));
      // Whoever had a connection that broke gets another one.
      const late = randomUUID();
      await until(() => queues.enqueue('finalize-call', { callId: late }), 'the store to take a job');
      await calls.came(late);
      await until(async () => (await queues.counts()).every(({ active, waiting }) => active + waiting === 0), 'an end');
      assert.deepEqual(await queues.dead(), []);
      await workers.close();
    });
  });
}
