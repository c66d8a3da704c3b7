import type { TestContext } from 'node:test';
import pg from 'pg';
import { Registry } from 'prom-client';
import { createSilentLogger } from '../platform/log.ts';
import { systemClock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import { JOB_NAMES } from '../jobs/definitions.ts';
import { openQueues, startWorkers, type Handlers, type Queues, type Workers } from '../jobs/index.ts';
import { startTestRedis, type RedisServer } from './redis-server.ts';
import { createTestDatabase } from './test-database.ts';

export type StoreKind = 'postgres' | 'redis';
export const STORE_KINDS: readonly StoreKind[] = ['postgres', 'redis'];

export interface TestStore {
  readonly kind: StoreKind;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  /** Redis is killed and comes back; PostgreSQL ends all sessions of the database. */
  restart(): Promise<void>;
  /** Only Redis can be taken away alone. */
  readonly redis: RedisServer | undefined;
  /** To be closed before the store goes: the last one opened first. */
  readonly opened: (() => Promise<void>)[];
}

/** A store of its own for one test. */
export async function createTestStore(kind: StoreKind, test: Pick<TestContext, 'after'>): Promise<TestStore> {
  const opened: (() => Promise<void>)[] = [];
  // Hooks run in the order in which they are given.
  test.after(async () => {
    for (const close of opened.toReversed()) await close();
  });
  const { url: databaseUrl } = await createTestDatabase(test);
  const redis = kind === 'redis' ? await startTestRedis(test) : undefined;
  return {
    kind,
    databaseUrl,
    redisUrl: redis?.url,
    redis,
    opened,
    async restart() {
      if (redis === undefined) return endSessions(databaseUrl);
      await redis.kill();
      await redis.start();
    },
  };
}

async function endSessions(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await client.end();
}

export interface TestQueues extends Queues {
  readonly metrics: Metrics;
}

/** Queues in a store. The test closes them, or its end does. */
export function openTestQueues(store: TestStore): TestQueues {
  const metrics = new Registry();
  const { databaseUrl, redisUrl } = store;
  const log = createSilentLogger();
  const queues = openQueues({ databaseUrl, redisUrl, log, metrics, applicationName: 'ailingva test', poolSize: 10 });
  store.opened.push(queues.close);
  return { ...queues, metrics };
}

/** Workers whose locks run out soon. What no handler is given for does nothing. */
export function startTestWorkers(
  store: TestStore,
  queues: TestQueues,
  handlers: Partial<Handlers>,
  timing: { readonly stopMs?: number } = {},
): Workers {
  const idle = Object.fromEntries(JOB_NAMES.map((name) => [name, () => Promise.resolve()])) as unknown as Handlers;
  const workers = startWorkers(
    queues,
    { ...idle, ...handlers },
    {
      log: createSilentLogger(),
      metrics: new Registry(),
      clock: systemClock,
      timing: { lockMs: 2_000, stalledEveryMs: 500, ...timing },
    },
  );
  store.opened.push(() => workers.close());
  return workers;
}
