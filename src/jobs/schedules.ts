import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { startPeriodic, type Periodic } from '../platform/periodic.ts';
import { jobOptions, JOBS, QUEUE_NAMES, type QueueName, type ScheduledJobName } from './definitions.ts';
import type { Queues } from './queues.ts';
import type { StoreQueue } from './store.ts';

/** How long after a change of the settings at most it takes effect. */
const LOOK_EVERY_MS = 60_000;
/** Dead upkeep is looked at for so long: runs that came after have made up for it, and nobody replays it. */
const DEAD_UPKEEP_KEPT_MS = 24 * 3_600_000;
const MOST_CLEANED = 1_000;

/** What schedules depend on, as staff have set it. */
export interface Plan {
  /** As in the IANA database: `Europe/Moscow`. */
  readonly timeZone: string;
  /** When the books are checked: `HH:MM`. */
  readonly reconcileTime: string;
}

interface Schedule {
  readonly job: ScheduledJobName;
  readonly repeat: { readonly every: number } | { readonly pattern: string; readonly tz: string };
}

export interface SchedulesOptions {
  readonly queues: Queues;
  readonly plan: () => Promise<Plan>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** When each job is done. The nightly ones follow one another, and the day is closed when its last calls are charged. */
function schedulesOf({ timeZone, reconcileTime }: Plan): Schedule[] {
  const every = (job: ScheduledJobName, ms: number): Schedule => ({ job, repeat: { every: ms } });
  const daily = (job: ScheduledJobName, time: string): Schedule => {
    const [hour, minute] = time.split(':').map(Number);
    // Some seconds later: what is due is due by the database's clock.
    return { job, repeat: { pattern: `10 ${minute ?? 0} ${hour ?? 0} * * *`, tz: timeZone } };
  };
  return [
    every('sweep-calls', 5_000),
    every('send-mail', 2_000),
    every('check-payments', 10_000),
    every('erase-accounts', 10_000),
    every('roll-up-revenue', 60_000),
    daily('close-days', '00:15'),
    daily('reconcile-ledger', reconcileTime),
    daily('erase-turn-texts', '02:30'),
    daily('delete-recordings', '03:00'),
  ];
}

/**
 * Keeps the schedules in the queues as the settings say: looks now and each minute. Any number of processes may do so at a
 * time. Schedules that nobody knows any more are removed, and so is upkeep that has been dead for a day.
 */
export function keepSchedules({ queues, plan, clock, log }: SchedulesOptions): Periodic {
  return startPeriodic({
    name: 'keep schedules',
    everyMs: LOOK_EVERY_MS,
    clock,
    log,
    task: async () => {
      const schedules = schedulesOf(await plan());
      for (const queue of QUEUE_NAMES) await keep(await queues.queue(queue), queue, schedules, log);
      await (await queues.queue('upkeep')).clean(DEAD_UPKEEP_KEPT_MS, MOST_CLEANED, 'failed');
    },
  });
}

async function keep(open: StoreQueue, queue: QueueName, all: readonly Schedule[], log: Logger): Promise<void> {
  const wanted = all.filter(({ job }) => JOBS[job].queue === queue);
  for (const { job, repeat } of wanted) {
    if (await stands(open, job, repeat)) continue;
    await open.upsertJobScheduler(job, repeat, { name: job, data: {}, opts: jobOptions(job) });
    log.info({ job, ...repeat }, 'Set a schedule');
  }
  const names = new Set<string>(wanted.map(({ job }) => job));
  for (const { key } of await open.getJobSchedulers(0, -1)) {
    if (!names.has(key)) await open.removeJobScheduler(key);
  }
}

/** A schedule that stands is left alone: to set it again would drop a run that is overdue. */
async function stands(open: StoreQueue, job: ScheduledJobName, repeat: Schedule['repeat']): Promise<boolean> {
  const kept = await open.getJobScheduler(job);
  if (kept === undefined) return false;
  const same =
    'every' in repeat ? Number(kept.every) === repeat.every : kept.pattern === repeat.pattern && kept.tz === repeat.tz;
  if (!same) return false;
  // Each run puts the next one in. Where that is lost, the chain has ended.
  return (
    kept.next !== undefined && kept.next !== null && (await open.getJob(`repeat:${job}:${kept.next}`)) !== undefined
  );
}
