import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { Registry } from 'prom-client';
import { openQueues, type Queues } from '../jobs/index.ts';
import { loadServiceConfig } from '../platform/config.ts';
import { connectDatabase } from '../platform/database.ts';
import { Lifecycle } from '../platform/lifecycle.ts';
import { createSilentLogger } from '../platform/log.ts';
import { openBooks, type Books } from '../testing/books.ts';
import { STORE_KINDS } from '../testing/queue-stores.ts';
import { startTestRedis } from '../testing/redis-server.ts';
import { insertPayer, insertSession, insertTurn } from '../testing/stored-usage.ts';
import { until } from '../testing/until.ts';
import { startJobs } from './jobs.ts';

const DAY_MS = 86_400_000;

/** The jobs process in this one, until the test ends. */
async function open(t: TestContext, findRedis?: () => Promise<string>): Promise<Books & { redisUrl?: string }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ailingva-jobs-'));
  const log = createSilentLogger();
  const lifecycle = new Lifecycle(log);
  const stop = new AbortController();
  t.after(async () => {
    stop.abort();
    await lifecycle.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  // Their own ends come after this one's.
  const redisUrl = await findRedis?.();
  const books = await openBooks(t);
  const config = loadServiceConfig({
    DATABASE_URL: books.database.url,
    REDIS_URL: redisUrl,
    TOKEN_SECRET: 'for this test alone, which signs nothing',
    DATA_DIR: dataDir,
  });
  await startJobs(config, { log, lifecycle, stopping: stop.signal });
  return { ...books, ...(redisUrl !== undefined && { redisUrl }) };
}

async function endedCall({ billing, learnerWith, goLive }: Books): Promise<string> {
  const callId = await goLive(await learnerWith(10_00));
  await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
  return callId;
}

/** Something for each scheduled job to do. */
async function insertOldThings({ database, knex, learnerWith, goLive }: Books) {
  const payer = await insertPayer(knex);
  const before = new Date(Date.now() - 399 * DAY_MS);
  const at = new Date(Date.now() - 400 * DAY_MS);
  const callId = await insertSession(knex, { payer, at, minutes: 5 });
  await insertTurn(knex, { callId, ordinal: 1, at, stages: { reply: 300 } });
  await knex('call_recordings').insert({ call_id: callId, part: 1, store: 'folder', object_key: 'old', ended_at: at });
  await knex('mail_outbox').insert({ recipient: 'ann@example.com', subject: 'Hello', text: 'Hello' });
  const lostCall = await goLive(await learnerWith(10_00));
  await knex('calls').where('id', lostCall).update({ last_beat_at: at });
  // When a payment was made, only the owner may say.
  const owner = connectDatabase({ url: database.url, poolSize: 1, applicationName: 'ailingva test', role: null });
  try {
    await owner.knex('payments').insert({
      user_account_id: payer.userId,
      amount_kopecks: 30_000,
      provider: 'sandbox',
      idempotency_key: 'old',
      tariff_snapshot: JSON.stringify({ rate_kopecks_per_minute: 500, packages: [] }),
      quoted_minutes: 60,
      created_at: at,
      next_check_at: at,
    });
  } finally {
    await owner.close();
  }
  return { before, lostCall };
}

const untilGone = (rows: Knex.QueryBuilder, what: string) =>
  until(async () => ((await rows.clone()) as unknown[]).length === 0, what);

/** Has the job done once a second: what another test's open transaction keeps from one run, the next one finds. */
async function untilDone(queues: Queues, job: 'roll-up-revenue' | 'close-days', rows: Knex.QueryBuilder, what: string) {
  let looks = 0;
  await until(async () => {
    if (looks++ % 20 === 0) assert.equal(await queues.enqueue(job, {}), true);
    return ((await rows.clone()) as unknown[]).length > 0;
  }, what);
}

const untilCharged = ({ knex }: Books, callId: string) =>
  until(async () => {
    const charges = await knex('usage_sessions').where({ call_id: callId }).pluck<number[]>('billed_minutes');
    assert.ok(charges.length <= 1);
    return charges[0] === 2;
  }, 'the charge');

describe('the jobs process', { concurrency: true }, () => {
  for (const kind of STORE_KINDS) {
    it(`does each job that its queue in ${kind} tells it of`, async (t) => {
      const books = await open(t, kind === 'redis' ? async () => (await startTestRedis(t)).url : undefined);
      const { knex, redisUrl } = books;
      const log = createSilentLogger();
      const queues = openQueues({
        databaseUrl: books.database.url,
        redisUrl,
        log,
        metrics: new Registry(),
        applicationName: 'ailingva test',
      });
      t.after(() => queues.close());
      const old = await insertOldThings(books);
      const callId = await endedCall(books);
      assert.equal(await queues.enqueue('finalize-call', { callId }), true);
      await untilCharged(books, callId);

      // Each of these comes again by itself.
      await untilGone(knex('mail_outbox'), 'the mail to be sent');
      await untilGone(knex('payments').whereNot('status', 'expired'), 'the payment to be given up');
      await untilGone(
        knex('calls').where({ id: old.lostCall }).whereNot('status', 'finalized'),
        'the lost call to end',
      );
      // This one within a minute, the others by night.
      await untilDone(queues, 'roll-up-revenue', knex('revenue_hourly'), 'the figures');
      await untilDone(queues, 'close-days', knex('closed_days'), 'the day to be closed');
      for (const job of ['reconcile-ledger', 'erase-turn-texts', 'delete-recordings'] as const) {
        assert.equal(await queues.enqueue(job, {}), true);
      }
      await until(async () => (await knex('reconciliations')).length > 0, 'the books to be checked');
      await untilGone(knex('call_turns').where('created_at', '<', old.before).whereNot('text', ''), 'the words to go');
      await untilGone(knex('call_recordings'), 'the recording to be deleted');

      await until(async () => {
        const counts = await queues.counts();
        return counts.every(({ queue, delayed }) => queue === 'calls' || delayed >= 3);
      }, 'the schedules');
      assert.deepEqual(await queues.dead(), []);
    });
  }

  it('charges a call that was never put into the queue', async (t) => {
    const books = await open(t);
    await untilCharged(books, await endedCall(books));
  });

  it('charges calls though Redis does not answer', async (t) => {
    // A port that nobody may listen on.
    const books = await open(t, async () => 'redis://127.0.0.1:1/0');
    await untilCharged(books, await endedCall(books));
  });
});
