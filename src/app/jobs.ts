import { answerPasswordRequests, eraseDeleted } from '../accounts/index.ts';
import { createAnalytics } from '../analytics/index.ts';
import { createBilling, readReconcileTime, watchReconciliations } from '../billing/index.ts';
import {
  eraseOld,
  keepSchedules,
  openQueues,
  startWorkers,
  watchQueues,
  type Handlers,
  type JobContext,
} from '../jobs/index.ts';
import { eraseCallsOf, eraseTurnTexts, turnTextsKeptDays } from '../media/index.ts';
import { recordingsKeptDays } from '../media/recording/recording-settings.ts';
import { systemClock } from '../platform/clock.ts';
import type { ServiceConfig } from '../platform/config.ts';
import { connectDatabase, pingDatabase } from '../platform/database.ts';
import { createHttpApp, listen } from '../platform/http.ts';
import type { Logger } from '../platform/log.ts';
import { createFileMailer, createSmtpMailer, sendQueuedMail, type Mailer } from '../platform/mail.ts';
import { createMetrics } from '../platform/metrics.ts';
import { onlyOne } from '../platform/periodic.ts';
import type { Service } from '../platform/service.ts';
import { readSetting } from '../platform/settings.ts';
import { timeZoneSetting } from '../platform/time-zone.ts';
import { openPayments } from './payments.ts';
import { openRecordings } from './recordings.ts';

/** For BullMQ: three workers listen on one connection each. */
const QUEUE_CONNECTIONS = 10;
/** After that another process sweeps, too, which does no harm: calls must not wait for a machine that is stopped. */
const LONGEST_SWEEP_MS = 300_000;

/** Does the jobs: what has to happen whoever asks for it or not. Any number of such processes may run. */
export async function startJobs(config: ServiceConfig, { log, lifecycle, stopping }: Service): Promise<void> {
  const metrics = createMetrics('jobs');
  const database = connectDatabase({
    url: config.databaseUrl,
    poolSize: config.databasePoolSize,
    applicationName: 'ailingva jobs',
  });
  lifecycle.onClose('database', () => database.close());
  await pingDatabase(database);
  const { knex } = database;
  const billing = createBilling({ knex, log });
  lifecycle.onClose('billing', () => billing.close());
  const analytics = createAnalytics({ knex, log });
  const { payments } = openPayments(config, { knex, log, metrics });
  const { recordings, store: recordingStore } = openRecordings(config, { knex, log });
  lifecycle.onClose('recordings', () => recordingStore.close());
  const mailer = createMailer(config, log);
  const { databaseUrl, redisUrl } = config;
  const applicationName = 'ailingva jobs queues';
  const queues = openQueues({ databaseUrl, redisUrl, log, metrics, applicationName, poolSize: QUEUE_CONNECTIONS });
  lifecycle.onClose('queues', () => queues.close(), 10_000);

  watchReconciliations({ knex, metrics });
  watchQueues({ queues, metrics, rollupLag: () => analytics.lag() });
  if (config.jobs.port !== undefined) {
    const app = createHttpApp({
      routes: [],
      log,
      metrics,
      publicUrl: config.web.publicUrl,
      readiness: { database: () => pingDatabase(database) },
    });
    const server = await listen({ app, host: config.web.host, port: config.jobs.port, portVariable: 'JOBS_PORT' });
    lifecycle.onClose('http', () => server.close());
  }

  const told = (report: object, message: string): void => {
    if (Object.values(report).some((value) => value !== 0 && value !== false)) log.info({ ...report }, message);
  };
  const untilStopped = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, stopping]);
  const parts = { clock: systemClock, log };
  const handlers: Handlers = {
    'finalize-call': async ({ callId }) => {
      await billing.finalizeCall(callId);
    },
    'sweep-calls': async () => {
      const sweep = async (): Promise<void> => told(await billing.sweep(), 'Swept calls');
      await onlyOne(knex, 'ailingva.sweep_calls', sweep, { longestMs: LONGEST_SWEEP_MS });
    },
    'check-payments': async (_payload, { signal }: JobContext) => {
      told(await payments.expire(untilStopped(signal)), 'Asked after payments');
    },
    'send-mail': async (_payload, { signal }: JobContext) => {
      const { publicUrl } = config.web;
      const asked = await answerPasswordRequests({ knex, ...parts, publicUrl }, untilStopped(signal));
      told(asked, 'Answered requests for a new password');
      told(await sendQueuedMail(knex, { mailer, log, signal: untilStopped(signal) }), 'Worked on the mail');
    },
    'erase-accounts': async (_payload, { signal }: JobContext) => {
      const eraseTraces = (userId: string, stop?: AbortSignal): Promise<boolean> =>
        eraseCallsOf({ knex, recordings }, userId, stop);
      const { erased, failed } = await eraseDeleted({ knex, log, eraseTraces }, untilStopped(signal));
      told({ erased, failed }, 'Erased what deleted users left');
    },
    'roll-up-revenue': async () => {
      const report = await analytics.rollUp();
      if (report.sessions > 0 || report.rebuilt) log.debug({ ...report }, 'Rolled the revenue up');
    },
    'close-days': async () => told({ days: await analytics.closeDays(systemClock.now()) }, 'Closed days'),
    'reconcile-ledger': async () => {
      await onlyOne(knex, 'ailingva.reconcile', async () => {
        const done = await billing.reconcileWhenDue();
        if (done) log.info({ differences: done.differences.length }, 'Checked the books');
      });
    },
    'erase-turn-texts': eraseOld(
      'turn texts',
      {
        keptDays: () => readSetting(knex, turnTextsKeptDays),
        eraseBefore: (before, signal) => eraseTurnTexts(knex, before, untilStopped(signal)),
      },
      parts,
    ),
    'delete-recordings': eraseOld(
      'recordings',
      {
        keptDays: () => readSetting(knex, recordingsKeptDays),
        eraseBefore: (before, signal) => recordings.deleteBefore(before, untilStopped(signal)),
      },
      parts,
    ),
  };
  const workers = startWorkers(queues, handlers, { ...parts, metrics });
  lifecycle.onClose('workers', () => workers.close(), 12_000);
  const plan = async () => ({
    timeZone: await readSetting(knex, timeZoneSetting),
    reconcileTime: await readReconcileTime(knex),
  });
  const schedules = keepSchedules({ ...parts, queues, plan });
  lifecycle.onClose('schedules', () => schedules.close());
}

function createMailer({ mail, production }: ServiceConfig, log: Logger): Mailer {
  const { smtpUrl: url, from, outbox: folder } = mail;
  if (url !== undefined) return createSmtpMailer({ url, from, log });
  if (production) log.warn('There is no SMTP_URL: letters are written to files, and reach nobody');
  return createFileMailer({ folder, from, log });
}
