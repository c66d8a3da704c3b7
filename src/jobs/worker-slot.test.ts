import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../testing/until.ts';
import type { StoreWorker } from './store.ts';
import { WorkerSlot } from './worker-slot.ts';

/** As much of a worker as a slot knows. */
function standIn({ ready = Promise.resolve(), fails }: { readonly ready?: Promise<unknown>; readonly fails?: Error }) {
  const state = { ran: 0, closed: 0 };
  const closed = Promise.withResolvers<void>();
  const worker = {
    waitUntilReady: () => ready,
    run: () => {
      state.ran += 1;
      return fails === undefined ? closed.promise : Promise.reject(fails);
    },
    close: async () => {
      state.closed += 1;
      closed.resolve();
    },
  } as unknown as StoreWorker;
  return { worker, state };
}

test('another worker is made for one whose store was away, and for one that stopped by itself', async () => {
  const away = standIn({ ready: Promise.reject(new Error('The store is away')) });
  const stopping = standIn({ fails: new Error('Something unheard of') });
  const last = standIn({});
  const left = [away, stopping, last];
  const complaints: unknown[] = [];
  const slot = new WorkerSlot(
    () => {
      const next = left.shift();
      assert.ok(next, 'a fourth worker');
      return next.worker;
    },
    (error) => complaints.push(error),
  );
  slot.start();
  await until(() => last.state.ran === 1, 'the third worker');
  assert.deepEqual(complaints.map(String), ['Error: The store is away', 'Error: Something unheard of']);
  assert.deepEqual(
    [away.state, stopping.state],
    [
      { ran: 0, closed: 1 },
      { ran: 1, closed: 1 },
    ],
  );
  await slot.close();
  assert.deepEqual(last.state, { ran: 1, closed: 1 });
});
