import { UnrecoverableError, type Job } from 'bullmq';
import { Histogram } from 'prom-client';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { isJobName, JOBS, QUEUE_NAMES, type QueueName } from './definitions.ts';
import { logQuietly } from './quiet-errors.ts';
import type { Queues } from './queues.ts';
import { Runner, type Handlers } from './runner.ts';
import { startSafetyNet } from './safety-net.ts';
import { WorkerSlot } from './worker-slot.ts';

/** Jobs of one queue that one process does at a time. */
const CONCURRENCY: Readonly<Record<QueueName, number>> = { calls: 8, upkeep: 6, nightly: 2 };
/** A job is this worker's for so long, and then again: after a `kill -9` others wait for it. */
const LOCK_MS = 15_000;
const STALLED_EVERY_MS = 5_000;
/** A job that ends its process again and again is given up. */
const MOST_STALLED = 3;
const STOP_MS = 10_000;
/** For jobs that were told to stop. */
const ABORT_MS = 1_000;
/** Between attempts to reach a store that is away. */
const RETRY_STORE_MS = 1_000;

export interface WorkersOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Shorter in tests. */
  readonly timing?: { readonly lockMs?: number; readonly stalledEveryMs?: number; readonly stopMs?: number };
}

export interface Workers {
  /**
   * Takes no more jobs, and waits for those that are being done; after 10 s they are told to stop. What is not finished
   * then is another worker's, once its lock has run out. Idempotent. Close before the queues.
   */
  close(): Promise<void>;
}

/** Does the jobs of all queues, any number of processes at a time. */
export function startWorkers(queues: Queues, handlers: Handlers, options: WorkersOptions): Workers {
  const { log, metrics, clock } = options;
  const { lockMs = LOCK_MS, stalledEveryMs = STALLED_EVERY_MS, stopMs = STOP_MS } = options.timing ?? {};
  const runner = new Runner(handlers, clock);
  const complain = logQuietly(log, 'A worker has trouble with its store');
  const duration = new Histogram({
    name: 'job_duration_seconds',
    help: 'Time that jobs took, by name and outcome: done, failed (another attempt follows) or dead',
    labelNames: ['job', 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
    registers: [metrics],
  });

  const workers = QUEUE_NAMES.map((queue) => {
    const process = async (job: Job<unknown, unknown>, _token?: string, signal?: AbortSignal) => {
      const startedAt = clock.monotonicMs();
      const told = (outcome: string): void => {
        duration.observe({ job: isJobName(job.name) ? job.name : 'unknown', outcome }, since(startedAt));
      };
      try {
        await runParsed(runner, job, signal ?? new AbortController().signal);
        told('done');
      } catch (error) {
        const dead = isHopeless(error) || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
        told(dead ? 'dead' : 'failed');
        const fields = { job: job.name, jobId: job.id, attempt: job.attemptsMade + 1, err: error };
        if (dead) log.error(fields, 'A job was given up');
        else log.warn(fields, 'A job failed; it will be tried again');
        throw isHopeless(error) ? new UnrecoverableError(textOf(error)) : error;
      }
    };
    const since = (startedAt: number): number => (clock.monotonicMs() - startedAt) / 1000;
    const slot = new WorkerSlot(() => {
      const worker = queues.store.worker(queue, process, {
        concurrency: CONCURRENCY[queue],
        lockDuration: lockMs,
        stalledInterval: stalledEveryMs,
        maxStalledCount: MOST_STALLED,
        runRetryDelay: RETRY_STORE_MS,
      });
      worker.on('error', complain);
      worker.on('stalled', (jobId) => log.warn({ queue, jobId }, 'Took up a job whose worker died'));
      return worker;
    }, complain);
    slot.start();
    return slot;
  });
  const net = startSafetyNet({ runner, clock, log, metrics });

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const finished = Promise.all([net.close(), ...workers.map((worker) => worker.close())]).then(() => true);
    finished.catch(complain);
    if (await within(finished, stopMs)) return;
    log.warn('Jobs are still under way; telling them to stop');
    for (const worker of workers) worker.abort();
    if (!(await within(finished, ABORT_MS))) log.warn('Jobs were left unfinished; other workers take them up');
  }
  return { close: () => (closing ??= close()) };
}

async function runParsed(runner: Runner, job: Job<unknown, unknown>, signal: AbortSignal): Promise<void> {
  const { name, data } = job;
  if (!isJobName(name)) {
    throw new AppError({ code: 'job_unknown', kind: 'invalid', message: `There is no job named ${name}.` });
  }
  const parsed = JOBS[name].payload.safeParse(data);
  if (!parsed.success) {
    const message = `The job ${name} was told something that it does not understand.`;
    throw new AppError({ code: 'job_payload_invalid', kind: 'invalid', message, cause: parsed.error });
  }
  await runner.run(name, parsed.data, signal);
}

/** No further attempt can make it right. */
function isHopeless(error: unknown): boolean {
  return error instanceof AppError && (error.kind === 'invalid' || error.kind === 'not_found');
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function within(work: Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), deadlineMs);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
