import { createHash } from 'node:crypto';
import { runMigrations } from 'bullmq';
import type { Knex } from 'knex';

/** Its own transactions: BullMQ begins and commits them itself. */
export const config = { transaction: false };

const SCHEMA = 'bullmq';
/** As in src/jobs/definitions.ts; a queue that is added later gets its counter by a migration of its own. */
const QUEUES = ['calls', 'upkeep', 'nightly'];

interface Driver {
  acquireConnection(): Promise<Parameters<typeof runMigrations>[0]>;
  releaseConnection(connection: unknown): Promise<void>;
}

/**
 * BullMQ's tables and functions, in a schema of their own, at the version that the installed package brings: a newer
 * package needs a migration that calls this again. All of it may be done twice.
 *
 * The application may put jobs in and take them out; it may make no tables, and BullMQ's relays, which nobody uses, are
 * closed to it. BullMQ makes the counter of a queue's job ids when the first one is asked for, which the application may
 * not do: so they are made here.
 */
export async function up(knex: Knex): Promise<void> {
  const driver: Driver = knex.client;
  const connection = await driver.acquireConnection();
  try {
    await runMigrations(connection, SCHEMA);
  } finally {
    await driver.releaseConnection(connection);
  }
  const counters = QUEUES.map((queue) => `${SCHEMA}.bullmq_jid_${createHash('md5').update(queue).digest('hex')}`);
  await knex.raw(`
    ${counters.map((counter) => `CREATE SEQUENCE IF NOT EXISTS ${counter};`).join('\n    ')}
    GRANT USAGE ON SCHEMA ${SCHEMA} TO ailingva_app;
    GRANT SELECT ON ${SCHEMA}.migration TO ailingva_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${SCHEMA}.job, ${SCHEMA}.job_log, ${SCHEMA}.job_dependency, ${SCHEMA}.event,
      ${SCHEMA}.meta, ${SCHEMA}.metrics, ${SCHEMA}.rate_limit, ${SCHEMA}.dedup, ${SCHEMA}.dedup_next,
      ${SCHEMA}.scheduler TO ailingva_app;
    GRANT USAGE ON SEQUENCE ${SCHEMA}.job_seq, ${SCHEMA}.event_seq, ${counters.join(', ')} TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP SCHEMA ${SCHEMA} CASCADE`);
}
