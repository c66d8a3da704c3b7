import type { Knex } from 'knex';
import { z } from 'zod';
import type { Analytics } from '../analytics/index.ts';
import type { Queues } from '../jobs/index.ts';
import { type AuditEntry, writeAudit } from '../platform/audit.ts';
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
  payload: z.unknown().describe('What the job was told'),
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
        return (await queues.dead()).map(({ id, queue, job, error, attempts, payload, enqueuedAt, failedAt }) => ({
          id,
          queue,
          job,
          error,
          attempts,
          payload,
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
      async handle({ params: { id }, principal, ip }) {
        const dead = (await queues.dead()).find((job) => job.id === id);
        const replayed = await writtenDown(
          knex,
          {
            actorId: principal.userId,
            ip,
            action: 'job.replay',
            subject: { type: 'job', id },
            details: {
              before: { state: 'dead', job: dead?.job, error: dead?.error, attempts: dead?.attempts },
              after: { state: 'waiting' },
            },
          },
          () => queues.replay(id),
        );
        return { replayed };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/admin/analytics/rebuild',
      summary: 'Count all figures anew',
      description: 'One at a time: asked while it is being done, or under a key that was used, it is not done again.',
      tag: 'analytics staff',
      access: ['admin'],
      idempotency: 'optional',
      answer: z.object({ rebuilt: z.boolean() }),
      async handle({ principal, ip, idempotencyKey }) {
        let rebuilt = false;
        await onlyOne(knex, 'ailingva.rebuild_figures', async () => {
          if (idempotencyKey !== undefined && (await rebuiltUnder(knex, idempotencyKey))) return;
          const before = await sums(knex);
          await analytics.rebuild();
          const after = await sums(knex);
          await knex.transaction((transaction) =>
            writeAudit(transaction, {
              actorId: principal.userId,
              ip,
              action: 'analytics.rebuild',
              subject: { type: 'analytics', id: 'all' },
              details: { before, after, ...(idempotencyKey !== undefined && { idempotency_key: idempotencyKey }) },
            }),
          );
          rebuilt = true;
        });
        return { rebuilt };
      },
    }),
  ];
}

/** Written before the deed and kept if it was one: a deed is not done where it cannot be written down. */
async function writtenDown(knex: Knex, entry: AuditEntry, deed: () => Promise<boolean>): Promise<boolean> {
  const transaction = await knex.transaction();
  try {
    await writeAudit(transaction, entry);
    const done = await deed();
    await (done ? transaction.commit() : transaction.rollback());
    return done;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

async function rebuiltUnder(knex: Knex, key: string): Promise<boolean> {
  const row: unknown = await knex('audit_log')
    .where({ subject_type: 'analytics', subject_id: 'all', action: 'analytics.rebuild' })
    .whereRaw(`details ->> 'idempotency_key' = ?`, [key])
    .first('id');
  return row !== undefined;
}

/** What a rebuild may change, in three numbers. */
async function sums(knex: Knex): Promise<Readonly<Record<string, number>>> {
  const row = await knex('revenue_hourly')
    .sum({ sessions: 'sessions', billed_minutes: 'billed_minutes', list_kopecks: 'list_kopecks' })
    .first();
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, sum]) => [name, Number(sum ?? 0)]));
}
