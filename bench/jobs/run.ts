import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBilling } from '../../src/billing/index.ts';
import { openQueues } from '../../src/jobs/index.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { Child } from '../calls/child.ts';
import { insertEndedCalls, insertWallets } from '../ledger/wallets.ts';

const WALLETS = 500;
const START_DEADLINE_MS = 60_000;
const CHARGED_DEADLINE_MS = 60_000;

export interface EndCallsOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  /** Ends a second. */
  readonly rate: number;
  readonly seconds: number;
}

export interface Outcome {
  /** From each call's end to its charge. */
  readonly waitedMs: readonly number[];
  readonly unfinished: number;
  /** Jobs that the queue did not take. */
  readonly refused: number;
}

/** Ends calls at an even rate, with a jobs process beside, and waits until all are charged. */
export async function endCalls({ databaseUrl, redisUrl, rate, seconds }: EndCallsOptions): Promise<Outcome> {
  const database = connectDatabase({ url: databaseUrl, poolSize: 10, applicationName: 'ailingva bench' });
  const owner = connectDatabase({ url: databaseUrl, poolSize: 1, applicationName: 'ailingva bench owner', role: null });
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ailingva-bench-jobs-'));
  const log = createSilentLogger();
  const metrics = createMetrics('bench');
  const queues = openQueues({ databaseUrl, redisUrl, log, metrics, applicationName: 'ailingva bench queues' });
  let refused = 0;
  const adding = new Set<Promise<void>>();
  const billing = createBilling({
    knex: database.knex,
    log,
    onCallEnded(callId) {
      const added = queues.enqueue('finalize-call', { callId }).then((taken) => {
        if (!taken) refused += 1;
        adding.delete(added);
      });
      adding.add(added);
    },
  });
  let jobs: Child<{ type: string }> | undefined;
  try {
    const [first = '', ...callIds] = await liveCalls(owner, 1 + rate * seconds);
    jobs = new Child('../../src/main.ts', {
      parameters: ['jobs'],
      environment: {
        PATH: process.env['PATH'],
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        DATA_DIR: dataDir,
        TOKEN_SECRET: 'for the benchmark alone, which signs nothing',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'warn',
      },
    });
    const { type } = await jobs.next(START_DEADLINE_MS);
    if (type !== 'ready') throw new Error('The jobs process did not start');
    const end = (callId: string) => billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
    // The workers find their store while this one waits.
    await end(first);
    await waitForCharges(owner, [first]);
    const ends: Promise<void>[] = [];
    const startedAt = performance.now();
    for (const [index, callId] of callIds.entries()) {
      const waitMs = startedAt + (index * 1_000) / rate - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      ends.push(end(callId));
    }
    await Promise.all(ends);
    await Promise.all(adding);
    return { ...(await waitForCharges(owner, callIds)), refused };
  } finally {
    await jobs?.close();
    await billing.close();
    await queues.close();
    await database.close();
    await owner.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Calls that live, with minutes held. */
async function liveCalls(owner: Database, count: number): Promise<string[]> {
  const callIds = await insertEndedCalls(owner.knex, await insertWallets(owner.knex, WALLETS), count);
  await owner.knex.raw(
    `UPDATE calls SET status = 'live', ended_at = NULL, end_reason = NULL, last_beat_at = clock_timestamp()
     WHERE id = ANY(?::uuid[])`,
    [callIds],
  );
  return callIds;
}

async function waitForCharges(owner: Database, callIds: string[]): Promise<Omit<Outcome, 'refused'>> {
  const deadline = performance.now() + CHARGED_DEADLINE_MS;
  for (;;) {
    const { rows } = await owner.knex.raw<{ rows: { ms: number | null }[] }>(
      `SELECT (extract(epoch FROM finalized_at - ended_at) * 1000)::float8 AS ms FROM calls WHERE id = ANY(?::uuid[])`,
      [callIds],
    );
    const waitedMs = rows.flatMap(({ ms }) => (ms === null ? [] : [ms]));
    const unfinished = callIds.length - waitedMs.length;
    if (unfinished === 0 || performance.now() > deadline) return { waitedMs, unfinished };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
