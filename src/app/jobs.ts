import { createBilling, watchReconciliations } from '../billing/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { ServiceConfig } from '../platform/config.ts';
import { connectDatabase, pingDatabase } from '../platform/database.ts';
import { createHttpApp, listen } from '../platform/http.ts';
import { createFileMailer, createSmtpMailer, sendQueuedMail, type Mailer } from '../platform/mail.ts';
import { createMetrics } from '../platform/metrics.ts';
import { onlyOne, startPeriodic } from '../platform/periodic.ts';
import type { Logger } from '../platform/log.ts';
import type { Service } from '../platform/service.ts';
import { openPayments } from './payments.ts';

const SWEEP_EVERY_MS = 5_000;
const SEND_MAIL_EVERY_MS = 2_000;
const CHECK_PAYMENTS_EVERY_MS = 10_000;
const LOOK_AT_THE_HOUR_EVERY_MS = 60_000;

/** What has to happen whoever asks for it or not. */
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

  const sweep = startPeriodic({
    name: 'sweep calls',
    everyMs: SWEEP_EVERY_MS,
    clock: systemClock,
    log,
    task: async () => {
      await onlyOne(knex, 'ailingva.sweep_calls', async () => {
        const report = await billing.sweep();
        if (Object.values(report).some((count) => count > 0)) log.info(report, 'Swept calls');
      });
    },
  });
  lifecycle.onClose('sweep calls', () => sweep.close(), 15_000);

  watchReconciliations({ knex, metrics });
  const reconcile = startPeriodic({
    name: 'reconcile',
    everyMs: LOOK_AT_THE_HOUR_EVERY_MS,
    clock: systemClock,
    log,
    task: async () => {
      await onlyOne(knex, 'ailingva.reconcile', async () => {
        const done = await billing.reconcileWhenDue();
        if (done) log.info({ differences: done.differences.length }, 'Checked the books');
      });
    },
  });
  lifecycle.onClose('reconcile', () => reconcile.close(), 15_000);

  const { payments } = openPayments(config, { knex, log, metrics });
  // Any number of processes may do so at a time.
  const checks = startPeriodic({
    name: 'check payments',
    everyMs: CHECK_PAYMENTS_EVERY_MS,
    clock: systemClock,
    log,
    task: async () => {
      const report = await payments.expire(stopping);
      if (Object.values(report).some((count) => count > 0)) log.info(report, 'Asked after payments');
    },
  });
  lifecycle.onClose('check payments', () => checks.close(), 15_000);

  const mailer = createMailer(config, log);
  // Several processes may send at a time: each takes letters that no other has.
  const mail = startPeriodic({
    name: 'send mail',
    everyMs: SEND_MAIL_EVERY_MS,
    clock: systemClock,
    log,
    task: async () => {
      const report = await sendQueuedMail(knex, { mailer, log, signal: stopping });
      if (Object.values(report).some((count) => count > 0)) log.info(report, 'Worked on the mail');
    },
  });
  lifecycle.onClose('send mail', () => mail.close(), 10_000);
}

function createMailer({ mail, production }: ServiceConfig, log: Logger): Mailer {
  const { smtpUrl: url, from, outbox: folder } = mail;
  if (url !== undefined) return createSmtpMailer({ url, from, log });
  if (production) log.warn('There is no SMTP_URL: letters are written to files, and reach nobody');
  return createFileMailer({ folder, from, log });
}
