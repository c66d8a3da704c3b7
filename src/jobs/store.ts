import {
  createPostgresBackend,
  createRedisBackend,
  Queue,
  Worker,
  type BackendFactory,
  type IQueueBackend,
  type JobProgress,
  type PgPool,
  type Processor,
  type WorkerOptions,
} from 'bullmq';
import pg from 'pg';
import { APP_ROLE } from '../platform/database.ts';
import type { Logger } from '../platform/log.ts';
import { connectRedis } from '../platform/redis.ts';
import type { QueueName } from './definitions.ts';
import { patientClient } from './patient-client.ts';

/** BullMQ's schema, and the prefix of its keys in Redis. */
const SCHEMA = 'bullmq';
const KEY_PREFIX = 'ailingva';
const EVENTS_KEPT = 1_000;
const RECONNECT_PAUSE_MS = 500;

export type StoreQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend, unknown>;
export type StoreWorker = Worker<unknown, unknown, string, IQueueBackend, JobProgress, unknown>;
export type StoreProcessor = Processor<unknown, unknown>;
export type StoreWorkerOptions = Omit<WorkerOptions<unknown>, 'connection' | 'prefix' | 'autorun'>;

/** Where the queues stand: everything that differs between PostgreSQL and Redis. */
export interface Store {
  readonly kind: 'postgres' | 'redis';
  queue(name: QueueName): StoreQueue;
  /** Does not run until it is told to. */
  worker(name: QueueName, processor: StoreProcessor, options: StoreWorkerOptions): StoreWorker;
  /** After the queues and the workers. Idempotent. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly databaseUrl: string;
  /** Without it the queues stand in PostgreSQL. */
  readonly redisUrl?: string | undefined;
  /** Seen in `pg_stat_activity` and `CLIENT LIST`. */
  readonly applicationName: string;
  /** Connections to PostgreSQL; each worker keeps one to itself. */
  readonly poolSize: number;
  readonly log: Logger;
}

/** Connects when it is first asked for something. */
export function openStore(options: StoreOptions): Store {
  return options.redisUrl === undefined ? openPostgres(options) : openRedis({ ...options, redisUrl: options.redisUrl });
}

function openPostgres({ databaseUrl, applicationName, poolSize, log }: StoreOptions): Store {
  // One pool for all queues. BullMQ finds its tables by the search path.
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: applicationName,
    options: `-c role=${APP_ROLE} -c search_path=${SCHEMA}`,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    keepAlive: true,
    Client: patientClient(RECONNECT_PAUSE_MS),
  });
  // Each queue and worker listens besides.
  pool.setMaxListeners(50);
  pool.on('error', (error) => log.debug({ err: error }, 'A connection of the queues broke'));
  const connection = pool as PgPool;
  const backend: Backend = (name, options, kind) => createPostgresBackend(name, { ...options, connection }, kind);
  let closing: Promise<void> | undefined;
  return { ...storeOf('postgres', backend), close: () => (closing ??= pool.end()) };
}

function openRedis({ redisUrl: url, applicationName: name, log }: StoreOptions & { readonly redisUrl: string }): Store {
  const opened = new Map<'fail' | 'wait', ReturnType<typeof connectRedis>>();
  const connect = (whenAway: 'fail' | 'wait') => {
    const connection = opened.get(whenAway) ?? connectRedis({ url, name, log, whenAway });
    opened.set(whenAway, connection);
    return connection;
  };
  const backend: Backend = (queue, options, kind) => {
    const connection = connect(kind?.withBlockingConnection === true ? 'wait' : 'fail');
    return createRedisBackend(queue, { ...options, connection }, kind);
  };
  return {
    ...storeOf('redis', backend),
    async close() {
      for (const connection of opened.values()) connection.disconnect();
    },
  };
}

type Backend = BackendFactory<IQueueBackend, unknown>;

function storeOf(kind: Store['kind'], backend: Backend): Omit<Store, 'close'> {
  // BullMQ wants one to be named; which it is, the backend knows.
  const shared = { connection: kind, prefix: KEY_PREFIX };
  return {
    kind,
    queue: (name) => new Queue(name, { ...shared, streams: { events: { maxLen: EVENTS_KEPT } } }, backend),
    worker: (name, processor, options) =>
      new Worker(name, processor, { ...options, ...shared, autorun: false }, backend),
  };
}
