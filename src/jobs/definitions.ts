import { z } from 'zod';

/**
 * - `calls`: work that somebody waits for.
 * - `upkeep`: work that comes again within minutes; a run that failed is followed by the next one.
 * - `nightly`: work that comes once a day, and is worth trying again.
 */
export const QUEUE_NAMES = ['calls', 'upkeep', 'nightly'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

interface JobDefinition {
  readonly queue: QueueName;
  /** What the job is told; parsed when it is put in, and again when it is taken out. */
  readonly payload: z.ZodType;
  /** Attempts, the first one included. */
  readonly attempts: number;
  /** Before the second attempt, in ms; doubled before each further one, less up to half of it by chance. */
  readonly backoffMs: number;
}

const nothing = z.strictObject({});
const once = { payload: nothing, attempts: 1, backoffMs: 0 } as const;
const untilDone = { payload: nothing, attempts: 6, backoffMs: 60_000 } as const;

/** Every job there is, by its name. Done twice, none does more than done once. */
export const JOBS = {
  /** Charges a call that has ended. */
  'finalize-call': {
    queue: 'calls',
    payload: z.strictObject({ callId: z.uuid() }),
    // The sweep charges what is given up here.
    attempts: 8,
    backoffMs: 500,
  },
  /** Ends the calls whose node died, and charges the ended ones that nobody charged. */
  'sweep-calls': { queue: 'upkeep', ...once },
  /** Asks after payments of which nothing was heard, and gives up those that nobody pays. */
  'check-payments': { queue: 'upkeep', ...once },
  'send-mail': { queue: 'upkeep', ...once },
  /** Erases what users who deleted their account said, and its recordings. */
  'erase-accounts': { queue: 'upkeep', ...once },
  /** Adds what was used since the last time to the hourly figures. */
  'roll-up-revenue': { queue: 'upkeep', ...once },
  /** Keeps the figures of the days that are over, as they are now. */
  'close-days': { queue: 'nightly', ...untilDone },
  'reconcile-ledger': { queue: 'nightly', ...untilDone },
  /** Blanks the words of old calls. */
  'erase-turn-texts': { queue: 'nightly', ...untilDone },
  'delete-recordings': { queue: 'nightly', ...untilDone },
} as const satisfies Record<string, JobDefinition>;

export type JobName = keyof typeof JOBS;
export type Payload<Name extends JobName> = z.output<(typeof JOBS)[Name]['payload']>;
/** Jobs that need to be told nothing, and so can be done on a schedule. */
export type ScheduledJobName = {
  [Name in JobName]: Record<string, never> extends Payload<Name> ? Name : never;
}[JobName];

export const JOB_NAMES = Object.keys(JOBS) as readonly JobName[];

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}

/** How BullMQ is to treat a job of this name. */
export function jobOptions(name: JobName) {
  const { queue, attempts, backoffMs } = JOBS[name];
  return {
    attempts,
    backoff: { type: 'exponential', delay: backoffMs, jitter: 0.5 },
    removeOnComplete: { age: 24 * 3600, count: 1000 },
    // Dead jobs stay to be looked at. Of upkeep only the last ones: the next run has made up for them.
    removeOnFail: queue === 'upkeep' ? { count: 100 } : { age: 30 * 24 * 3600, count: 10_000 },
    stackTraceLimit: 5,
  };
}
