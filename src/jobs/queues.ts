import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import { Counter } from 'prom-client';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { unavailable, withDeadline } from './deadline.ts';
import { JOB_NAMES, jobOptions, JOBS, QUEUE_NAMES, type JobName, type Payload, type QueueName } from './definitions.ts';
import { logQuietly } from './quiet-errors.ts';
import { openStore, type Store, type StoreQueue } from './store.ts';

const STORE_DEADLINE_MS = 5_000;
const MOST_DEAD = 500;

export interface QueuesOptions {
  readonly databaseUrl: string;
  /** Without it the queues stand in PostgreSQL. */
  readonly redisUrl?: string | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly applicationName: string;
  /** Connections to PostgreSQL. A process that only puts jobs in needs 2. */
  readonly poolSize?: number;
}

export interface QueueCounts {
  readonly queue: QueueName;
  /** To be done now. */
  readonly waiting: number;
  readonly active: number;
  /** To be done later: the next run of a schedule, the next attempt of a job that failed. */
  readonly delayed: number;
  /** Given up; they stay until somebody replays them, or for 30 days. */
  readonly dead: number;
  /** Of the last day, and at most a thousand. */
  readonly done: number;
  /** How long the oldest job has been waiting that could be done now. */
  readonly oldestWaitingSec: number;
}

export interface DeadJob {
  /** For `replay`. */
  readonly id: string;
  readonly queue: QueueName;
  readonly job: string;
  readonly payload: unknown;
  /** What the last attempt failed with. */
  readonly error: string;
  readonly attempts: number;
  readonly enqueuedAt: Date;
  readonly failedAt: Date;
}

/** Each member can be handed on by itself: none needs `this`. */
export interface Queues {
  /**
   * Puts a job in, and says whether it is in. Never rejects for want of the store: that is logged and counted, and
   * whatever has to happen happens without the queue too, later. A job that is in already is not put in twice.
   */
  readonly enqueue: <Name extends JobName>(name: Name, payload: Payload<Name>) => Promise<boolean>;
  /** @throws AppError `queue_unavailable`, as do the next two */
  readonly counts: () => Promise<QueueCounts[]>;
  /** The last ones first, at most 500 of each queue. */
  readonly dead: () => Promise<DeadJob[]>;
  /**
   * Has a dead job done again, with all its attempts. Answers whether it was dead: asked twice, it is done once.
   * @throws AppError `job_not_found`
   */
  readonly replay: (id: string) => Promise<boolean>;
  readonly store: Store;
  /** @throws AppError `queue_unavailable` */
  readonly queue: (name: QueueName) => Promise<StoreQueue>;
  /** Waits for the jobs that are being put in. Idempotent. */
  readonly close: () => Promise<void>;
}

/** Connects when it is first asked for something: a store that is away keeps no process from starting. */
export function openQueues({ poolSize = 2, ...options }: QueuesOptions): Queues {
  const { log, metrics } = options;
  const store = openStore({ ...options, poolSize });
  const slots = new Map(QUEUE_NAMES.map((name) => [name, new QueueSlot(store, name, log)]));
  const adding = new Set<Promise<unknown>>();
  const failures = new Counter({
    name: 'jobs_enqueue_failures_total',
    help: 'Jobs that could not be put into their queue; the sweep makes up for them',
    labelNames: ['job'],
    registers: [metrics],
  });
  for (const job of JOB_NAMES) failures.inc({ job }, 0);
  let closing: Promise<void> | undefined;

  const queue = async (name: QueueName): Promise<StoreQueue> => {
    const slot = slots.get(name);
    if (slot === undefined || closing !== undefined) throw unavailable(new Error('The queues are closed'));
    return slot.open();
  };
  const ask = <Answer>(name: QueueName, question: (open: StoreQueue) => Promise<Answer>): Promise<Answer> =>
    withDeadline(queue(name).then(question), STORE_DEADLINE_MS);
  const askAll = async <Answer>(
    question: (open: StoreQueue, name: QueueName) => Promise<Answer>,
  ): Promise<Answer[]> => {
    try {
      return await Promise.all(QUEUE_NAMES.map((name) => ask(name, (open) => question(open, name))));
    } catch (error) {
      throw error instanceof AppError ? error : unavailable(error);
    }
  };

  return {
    store,
    queue: (name) => withDeadline(queue(name), STORE_DEADLINE_MS),
    async enqueue(name, payload) {
      const { queue: queueName, payload: schema } = JOBS[name];
      const data = schema.parse(payload);
      const jobId = `${name}-${'callId' in data ? data.callId : randomUUID()}`;
      const added = ask(queueName, (open) => open.add(name, data, { ...jobOptions(name), jobId }));
      adding.add(added);
      try {
        await added;
        return true;
      } catch (error) {
        failures.inc({ job: name });
        log.warn({ job: name, jobId, err: error }, 'A job could not be put into its queue');
        return false;
      } finally {
        adding.delete(added);
      }
    },
    counts: () => askAll(countsOf),
    async dead() {
      const lists = await askAll(deadOf);
      return lists.flat().toSorted((a, b) => b.failedAt.getTime() - a.failedAt.getTime());
    },
    async replay(id) {
      const [, name, jobId] = /^([a-z]+)\/(.+)$/.exec(id) ?? [];
      const queueName = QUEUE_NAMES.find((known) => known === name);
      if (queueName === undefined || jobId === undefined) throw notFound();
      return ask(queueName, (open) => replayIn(open, jobId));
    },
    close() {
      closing ??= (async () => {
        await Promise.allSettled(adding);
        await Promise.all([...slots.values()].map((slot) => slot.close()));
        await withDeadline(store.close(), STORE_DEADLINE_MS).catch((error: unknown) => {
          log.debug({ err: error }, 'The queues were left open');
        });
      })();
      return closing;
    },
  };
}

/** One queue, opened when it is first needed; again, if that failed: BullMQ would remember the failure for ever. */
class QueueSlot {
  readonly #store: Store;
  readonly #name: QueueName;
  readonly #complain: (error: unknown) => void;
  #opening: Promise<StoreQueue> | undefined;
  #queue: StoreQueue | undefined;

  constructor(store: Store, name: QueueName, log: Logger) {
    this.#store = store;
    this.#name = name;
    this.#complain = logQuietly(log, 'A queue has trouble with its store');
  }

  open(): Promise<StoreQueue> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<StoreQueue> {
    const queue = this.#store.queue(this.#name);
    queue.on('error', this.#complain);
    try {
      await queue.waitUntilReady();
      this.#queue = queue;
      return queue;
    } catch (error) {
      this.#opening = undefined;
      queue.close().catch(() => {});
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    // One whose store never answered ends with the connection.
    if (this.#queue === undefined) return;
    try {
      await withDeadline(this.#queue.close(), STORE_DEADLINE_MS);
    } catch (error) {
      this.#complain(error);
    }
  }
}

async function countsOf(open: StoreQueue, queue: QueueName): Promise<QueueCounts> {
  const [counts, [first], [next]] = await Promise.all([
    open.getJobCounts('wait', 'prioritized', 'active', 'delayed', 'failed', 'completed'),
    open.getJobs('wait', 0, 0, true),
    open.getJobs('delayed', 0, 0, true),
  ]);
  const now = Date.now();
  const since = [first, next].flatMap((job) => job ?? []).map(dueAtMs);
  return {
    queue,
    waiting: (counts['wait'] ?? 0) + (counts['prioritized'] ?? 0),
    active: counts['active'] ?? 0,
    delayed: counts['delayed'] ?? 0,
    dead: counts['failed'] ?? 0,
    done: counts['completed'] ?? 0,
    oldestWaitingSec: (now - Math.min(now, ...since)) / 1000,
  };
}

/**
 * Since when a job can be done: when it was put in, or as long after as it was told to wait. One that failed waits anew from
 * its last attempt.
 */
function dueAtMs({ timestamp, processedOn, delay, opts }: Job): number {
  return processedOn === undefined ? timestamp + (opts.delay ?? 0) : processedOn + delay;
}

async function deadOf(open: StoreQueue, queue: QueueName): Promise<DeadJob[]> {
  const jobs = await open.getJobs('failed', 0, MOST_DEAD - 1);
  // One that was removed meanwhile comes as nothing.
  return jobs.filter(Boolean).map((job) => ({
    id: `${queue}/${job.id ?? ''}`,
    queue,
    job: job.name,
    payload: job.data,
    error: job.failedReason ?? '',
    attempts: job.attemptsMade,
    enqueuedAt: new Date(job.timestamp),
    failedAt: new Date(job.finishedOn ?? job.timestamp),
  }));
}

async function replayIn(open: StoreQueue, jobId: string): Promise<boolean> {
  const job = await open.getJob(jobId);
  if (job === undefined) throw notFound();
  if (!(await job.isFailed())) return false;
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  } catch (error) {
    // Somebody else was first.
    if (await job.isFailed()) throw error;
    return false;
  }
}

function notFound(): AppError {
  return new AppError({ code: 'job_not_found', kind: 'not_found', message: 'There is no such job.' });
}
