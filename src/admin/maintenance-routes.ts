import type { Knex } from 'knex';
import { z } from 'zod';
import type { Analytics } from '../analytics/index.ts';
import type { Queues } from '../jobs/index.ts';
import { writeAudit } from '../platform/audit.ts';
import { defineRoute, type Route } from '../platform/http.ts';
import { onlyOne } from '../platform/periodic.ts';

export interface MaintenanceOptions {
  readonly knex: Knex;
  readonly queues: Pick<Queues, 'counts' | 'dead' | 'replay'>;
  readonly analytics: Pick<Analytics, 'rebuild'>;
}

const queueCounts = z.object({
  queue: z.string(),
  waiting: z.int(),
  active: z.int(),
  delayed: z.int(),
  dead: z.int(),
  done: z.int().describe('Of the last day, and at most a thousand'),
  oldest_waiting_sec: z.number(),
});

const deadJob = z.object({
  id: z.string(),
  queue: z.string(),
  job: z.string(),
  error: z.string(),
  attempts: z.int(),
  enqueued_at: z.iso.datetime(),
  failed_at: z.iso.datetime(),
});

/** What staff do about the house's own work: look at the queues, have a dead job done again, count the figures anew. */
export function maintenanceRoutes({ knex, queues, analytics }: MaintenanceOptions): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/admin/jobs/queues',
      summary: 'How much waits in each queue',
      tag: 'jobs staff',
      access: ['admin', 'support', 'analyst'],
      answer: z.array(queueCounts),
      errors: ['queue_unavailable'],
      async handle() {
        const counts = await queues.counts();
        return counts.map(({ queue, waiting, active, delayed, dead, done, oldestWaitingSec }) => ({
          queue,
          waiting,
          active,
          delayed,
          dead,
          done,
          oldest_waiting_sec: oldestWaitingSec,
        }));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/admin/jobs/dead',
      summary: 'Jobs that were given up, the last ones first',
      tag: 'jobs staff',
      access: ['admin'],
      answer: z.array(deadJob),
      errors: ['queue_unavailable'],
      async handle() {
        return (await queues.dead()).map(({ id, queue, job, error, attempts, enqueuedAt, failedAt }) => ({
          id,
          queue,
          job,
          error,
          attempts,
          enqueued_at: enqueuedAt.toISOString(),
          failed_at: failedAt.toISOString(),
        }));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/jobs/dead/{id}/replay',
      summary: 'Have a dead job done again',
      description: 'Asked twice, it is done once.',
      tag: 'jobs staff',
      access: ['admin'],
      params: z.object({ id: z.string().min(1).max(300) }),
      answer: z.object({ replayed: z.boolean().describe('false: it is dead no more') }),
      errors: ['job_not_found', 'queue_unavailable'],
      async handle({ params, principal, ip }) {
        const replayed = await queues.replay(params.id);
        if (replayed) {
          await knex.transaction((transaction) =>
            writeAudit(transaction, {
              actorId: principal.userId,
              ip,
              action: 'job.replay',
              subject: { type: 'job', id: params.id },
            }),
          );
        }
        return { replayed };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/analytics/rebuild',
      summary: 'Count all figures anew',
      description: 'One at a time: asked while it is being done, it is not begun again.',
      tag: 'analytics staff',
      access: ['admin'],
      answer: z.object({ rebuilt: z.boolean() }),
      async handle({ principal, ip }) {
        const rebuilt = await onlyOne(knex, 'ailingva.rebuild_figures', async () => {
          await analytics.rebuild();
          await knex.transaction((transaction) =>
            writeAudit(transaction, {
              actorId: principal.userId,
              ip,
              action: 'analytics.rebuild',
              subject: { type: 'analytics', id: 'all' },
            }),
          );
        });
        return { rebuilt };
      },
    }),
  ];
}
