import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { openQueues } from '../jobs/index.ts';
import { loadServiceConfig } from '../platform/config.ts';
import { Lifecycle } from '../platform/lifecycle.ts';
import { createSilentLogger } from '../platform/log.ts';
import { openBooks, type Books } from '../testing/books.ts';
import { until } from '../testing/until.ts';
import { startJobs } from './jobs.ts';

/** The jobs process in this one, until the test ends. */
async function open(t: TestContext, redisUrl?: string): Promise<Books> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ailingva-jobs-'));
  const log = createSilentLogger();
  const lifecycle = new Lifecycle(log);
  const stop = new AbortController();
  t.after(async () => {
    stop.abort();
    await lifecycle.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const books = await openBooks(t);
  const config = loadServiceConfig({
    DATABASE_URL: books.database.url,
    REDIS_URL: redisUrl,
    TOKEN_SECRET: 'for this test alone, which signs nothing',
    DATA_DIR: dataDir,
  });
  await startJobs(config, { log, lifecycle, stopping: stop.signal });
  return books;
}

async function endedCall({ billing, learnerWith, goLive }: Books): Promise<string> {
  const callId = await goLive(await learnerWith(10_00));
  await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
  return callId;
}

const untilCharged = ({ knex }: Books, callId: string) =>
  until(async () => {
    const charges = await knex('usage_sessions').where({ call_id: callId }).pluck<number[]>('billed_minutes');
    assert.ok(charges.length <= 1);
    return charges[0] === 2;
  }, 'the charge');

describe('the jobs process', { concurrency: true }, () => {
  it('charges a call that the queue tells it of', async (t) => {
    const books = await open(t);
    const log = createSilentLogger();
    const metrics = new Registry();
    const queues = openQueues({ databaseUrl: books.database.url, log, metrics, applicationName: 'ailingva test' });
    t.after(() => queues.close());
    const callId = await endedCall(books);
    assert.equal(await queues.enqueue('finalize-call', { callId }), true);
    await untilCharged(books, callId);
    // The schedules stand, and nothing died.
    await until(async () => {
      const counts = await queues.counts();
      return counts.every(({ queue, delayed }) => queue === 'calls' || delayed >= 3);
    }, 'the schedules');
    assert.deepEqual(await queues.dead(), []);
  });

  it('charges a call that was never put into the queue', async (t) => {
    const books = await open(t);
    await untilCharged(books, await endedCall(books));
  });

  it('charges calls though Redis does not answer', async (t) => {
    // A port that nobody may listen on.
    const books = await open(t, 'redis://127.0.0.1:1/0');
    await untilCharged(books, await endedCall(books));
  });
});
