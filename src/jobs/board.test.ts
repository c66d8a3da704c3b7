import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import express from 'express';
import { createTestStore, openTestQueues, startTestWorkers, STORE_KINDS } from '../testing/queue-stores.ts';
import { until } from '../testing/until.ts';
import { createBoardRouter } from './board.ts';
import type { Queues } from './queues.ts';

const BASE = '/admin/queues';

async function serve(t: TestContext, queues: Queues, readOnly: boolean): Promise<string> {
  const app = express();
  app.use(BASE, createBoardRouter(queues, { basePath: BASE, readOnly }));
  const server = createServer(app).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  return `http://127.0.0.1:${address.port}${BASE}`;
}

for (const kind of STORE_KINDS) {
  describe(`the board on ${kind}`, () => {
    it('shows the queues and their dead jobs, replays one, and refuses to where it only shows', async (t) => {
      const store = await createTestStore(kind, t);
      const queues = openTestQueues(store);
      const callId = randomUUID();
      let mended = false;
      let done = 0;
      startTestWorkers(store, queues, {
        'send-mail': async () => {
          if (!mended) throw new Error('The mail server is away');
          done += 1;
        },
      });
      const [shown, worked] = await Promise.all([serve(t, queues, true), serve(t, queues, false)]);
      await queues.enqueue('finalize-call', { callId });
      await queues.enqueue('send-mail', {});
      await until(async () => (await queues.dead()).length === 1, 'a dead job');

      const page = await fetch(`${worked}/`);
      const text = await page.text();
      assert.equal(page.status, 200);
      assert.match(text, /<base href="\/admin\/queues\/"/);
      assert.doesNotMatch(text, /https?:\/\//);
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*base-uri 'self'/);
      const [, script] = /src="(static\/js\/[^"]+)"/.exec(text) ?? [];
      assert.equal((await fetch(`${worked}/${script}`)).status, 200);

      const answer = await fetch(`${worked}/api/queues?activeQueue=upkeep&status=failed&page=1`);
      assert.equal(answer.status, 200);
      const { queues: listed } = (await answer.json()) as {
        queues: { name: string; counts: Record<string, number>; jobs: { id: string; failedReason: string }[] }[];
      };
      assert.deepEqual(
        listed.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b)),
        ['calls', 'nightly', 'upkeep'],
      );
      const upkeep = listed.find(({ name }) => name === 'upkeep');
      assert.equal(upkeep?.counts['failed'], 1);
      const [job] = upkeep.jobs;
      assert.equal(job?.failedReason, 'The mail server is away');

      const retry = `api/queues/upkeep/${job.id}/retry`;
      assert.equal((await fetch(`${shown}/${retry}`, { method: 'PUT' })).status, 405);
      assert.equal(done, 0);
      mended = true;
      assert.ok((await fetch(`${worked}/${retry}`, { method: 'PUT' })).ok);
      await until(() => done === 1, 'the replayed job');
      assert.equal((await fetch(`${worked}/api/redis/stats`)).status, 200);
    });
  });
}
