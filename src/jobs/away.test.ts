import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { createTestStore, openTestQueues, startTestWorkers, STORE_KINDS } from '../testing/queue-stores.ts';
import { createTcpDoor } from '../testing/tcp-door.ts';
import { until } from '../testing/until.ts';
import { watchQueues } from './queue-metrics.ts';

for (const kind of STORE_KINDS) {
  describe(`queues in ${kind} that is away`, () => {
    it('refuse jobs without an error, and take them again when it is back', async (t) => {
      const store = await createTestStore(kind, t);
      const door = await createTcpDoor(t, store.redisUrl ?? store.databaseUrl);
      const behind = {
        ...store,
        ...(kind === 'redis' ? { redisUrl: door.url } : { databaseUrl: door.url }),
      };
      const queues = openTestQueues(behind);
      const done = new Set<string>();
      startTestWorkers(behind, queues, { 'finalize-call': async ({ callId }) => void done.add(callId) });
      watchQueues({ queues, metrics: queues.metrics, rollupLag: async () => ({ seconds: 7, rows: 3 }) });

      const [lost, first, second] = [randomUUID(), randomUUID(), randomUUID()];
      assert.equal(await queues.enqueue('finalize-call', { callId: lost }), false);
      await assert.rejects(queues.counts(), { code: 'queue_unavailable', retryable: true });
      const text = await queues.metrics.metrics();
      assert.match(text, /^jobs_store_up 0$/m);
      assert.match(text, /^jobs_enqueue_failures_total\{job="finalize-call"\} 1$/m);
      assert.match(text, /^revenue_rollup_lag_seconds 7$/m);

      await door.open();
      await until(() => queues.enqueue('finalize-call', { callId: first }), 'the store to take a job');
      await until(() => done.has(first), 'the first job');

      // Amid everything.
      await door.shut();
      assert.equal(await queues.enqueue('finalize-call', { callId: lost }), false);
      await door.open();
      await until(() => queues.enqueue('finalize-call', { callId: second }), 'the store to take a job again');
      await until(() => done.has(second), 'the second job');
      assert.match(await queues.metrics.metrics(), /^jobs_store_up 1$/m);
    });
  });
}
