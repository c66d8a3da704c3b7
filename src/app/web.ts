import { createAccounts } from '../accounts/index.ts';
import { createPanel, createSettingsDesk, maintenanceRoutes, pageRoutes, settingRoutes } from '../admin/index.ts';
import { createAnalytics } from '../analytics/index.ts';
import { createBilling } from '../billing/index.ts';
import { createBoardRouter, openQueues } from '../jobs/index.ts';
import {
  callRoutes,
  createCallDesk,
  mediaStaffRoutes,
  MediaNodes,
  Placement,
  UPLOAD_DEADLINE_MS,
  voiceTurnRoutes,
} from '../media/index.ts';
import { createRecordingPasses, recordingRoute } from '../media/recording/index.ts';
import { writeAudit } from '../platform/audit.ts';
import { systemClock } from '../platform/clock.ts';
import type { ServiceConfig } from '../platform/config.ts';
import { connectDatabase, pingDatabase } from '../platform/database.ts';
import { createHttpApp, listen } from '../platform/http.ts';
import { createMetrics } from '../platform/metrics.ts';
import { serveApiDescription } from '../platform/openapi.ts';
import { createSignalingProxy } from '../platform/proxy.ts';
import { createAddressLimit, createPersonLimit } from '../platform/rate-limit.ts';
import type { Service } from '../platform/service.ts';
import { createSystemRules, systemRuleRoutes } from '../speech/instructions/index.ts';
import { createEngineChoice, offeredEngines } from './engine-choice.ts';
import { openPayments } from './payments.ts';
import { openRecordings } from './recordings.ts';
import { HOUSE_ORDERS, houseSettings } from './settings.ts';
import { readEmails } from './staff-emails.ts';

const API_VERSION = '0.1.0';

/** The API, the page, and the way to the media nodes. Tells the first administrator, when it has just made one. */
export async function startWeb(
  config: ServiceConfig,
  { log, lifecycle }: Service,
): Promise<Readonly<Record<string, string>>> {
  const metrics = createMetrics('web');
  const database = connectDatabase({
    url: config.databaseUrl,
    poolSize: config.databasePoolSize,
    applicationName: 'ailingva web',
  });
  lifecycle.onClose('database', () => database.close());
  const { knex } = database;
  const { publicUrl } = config.web;
  const billing = createBilling({ knex, log, publicUrl, personSecret: config.tokenSecret });
  lifecycle.onClose('billing', () => billing.close());
  const nodes = new MediaNodes(knex);
  const desk = createCallDesk({
    knex,
    nodes,
    endHere: (callId, reason) => billing.meter.end(callId, { reason, talkedMs: 0 }),
  });
  const accounts = createAccounts({
    knex,
    log,
    clock: systemClock,
    tokenSecret: config.tokenSecret,
    onRegistered: billing.onRegistered,
    endCalls: (transaction, userId, reason) => desk.endAllOf(transaction, userId, reason),
    confirmation: { publicUrl, onConfirmed: billing.onConfirmed },
    passwordReset: { publicUrl },
    deletion: { onDeleted: billing.onDeleted },
  });
  const engines = createEngineChoice({ config, knex, log });
  const systemRules = createSystemRules({ knex });
  const { recordings, store } = openRecordings(config, { knex, log });
  lifecycle.onClose('recordings', () => store.close());
  const passes = createRecordingPasses({ secret: config.tokenSecret, clock: systemClock });
  const placement = new Placement({ knex, nodes, opening: billing });
  const calls = callRoutes({
    knex,
    placement,
    preferences: (userId) => accounts.me(userId),
    languages: () => engines.languages(),
    charges: (callIds) => billing.charges(callIds),
    issueToken: (pass) => accounts.callTokens.issue(pass),
    recordings: (callId) => recordings.links(callId, passes),
    recordingTerms: () => recordings.terms(),
  });
  const voice = voiceTurnRoutes({
    knex,
    place: (conversation) => placement.place({ ...conversation, channel: 'http' }),
    find: (callId, userId) => placement.replace(callId, userId, 'http'),
    end: (callId) => billing.meter.end(callId, { reason: 'hang_up', talkedMs: 0 }),
    preferences: (userId) => accounts.me(userId),
    languages: () => engines.languages(),
    // Nobody talks faster; a script that sends silence costs us a decoder each time, and pays for nothing.
    limitTurns: createPersonLimit({ requests: 30, perSeconds: 60 }),
    issueToken: (pass) => accounts.callTokens.issue(pass),
  });
  lifecycle.onClose('turns', () => voice.close());
  const { payments, pages } = openPayments(config, { knex, log, metrics });
  const listening = recordingRoute({
    recordings,
    passes,
    authenticator: accounts.authenticator,
    onListened: ({ actorId, callId, part, ip }) =>
      knex.transaction((transaction) =>
        writeAudit(transaction, {
          actorId,
          ip,
          action: 'recording.listen',
          subject: { type: 'call', id: callId },
          details: { part },
        }),
      ),
  });
  const analytics = createAnalytics({ knex, log });
  const callsStaff = mediaStaffRoutes({
    knex,
    desk,
    nodes,
    charges: (callIds) => billing.charges(callIds),
    async recordings(callId, { actorId, ip }) {
      const links = await recordings.links(callId, passes);
      if (links.length === 0) return links;
      // The links let whoever holds them listen: handing them out is what is written down.
      await knex.transaction((transaction) =>
        writeAudit(transaction, { actorId, ip, action: 'recording.open', subject: { type: 'call', id: callId } }),
      );
      return links;
    },
  });
  const queues = openQueues({
    databaseUrl: config.databaseUrl,
    redisUrl: config.redisUrl,
    log,
    metrics,
    applicationName: 'ailingva web queues',
  });
  lifecycle.onClose('queues', () => queues.close(), 10_000);
  const routes = [
    ...accounts.routes,
    ...billing.routes,
    ...payments.routes,
    ...analytics.routes,
    ...calls,
    ...voice.routes,
    ...callsStaff,
    ...systemRuleRoutes({
      systemRules,
      // Engines are loaded where somebody tries one, not with every web process.
      openTutor: async (language) => (await import('./engine-source.ts')).openTutor(config, { knex, log }, language),
      clock: systemClock,
      emailsOf: (userIds) => readEmails(knex, userIds),
      limitTrials: createPersonLimit({ requests: 20, perSeconds: 60 }),
    }),
    ...settingRoutes({
      desk: createSettingsDesk({ knex, settings: houseSettings(), orders: HOUSE_ORDERS }),
      engines: offeredEngines(config),
    }),
    ...maintenanceRoutes({ knex, queues, analytics }),
    ...pageRoutes({ knex, log, queues, analytics }),
    listening,
  ];

  const panel = createPanel({
    knex,
    databaseUrl: config.databaseUrl,
    tokenSecret: config.tokenSecret,
    publicUrl,
    bundleFolder: config.web.panelRoot,
    log,
    accounts,
    services: {
      accounts,
      billing: billing.staff,
      payments,
      desk,
      nodes,
    },
    routes,
    board: createBoardRouter(queues, {
      basePath: '/admin/queues',
      readOnly: true,
      sign: '/admin/frontend/assets/mark.svg',
    }),
  });
  lifecycle.onClose('panel', () => panel.close());

  const proxy = createSignalingProxy({
    findNode: (nodeId) => nodes.findUrl(nodeId),
    log,
    trustedProxies: config.web.trustedProxies,
  });
  const app = createHttpApp({
    routes,
    authenticator: accounts.authenticator,
    log,
    metrics,
    readiness: { database: () => pingDatabase(database) },
    publicUrl,
    trustedProxies: config.web.trustedProxies,
    pageRoot: config.web.root,
    limitAddress: createAddressLimit({ requests: 300, perSeconds: 60 }),
    checkAnswers: !config.production,
    middleware: [
      proxy.middleware,
      serveApiDescription({ title: 'AIlingva', version: API_VERSION, routes }),
      ...pages,
      panel.middleware,
    ],
  });
  const server = await listen({
    app,
    host: config.web.host,
    port: config.web.port,
    requestTimeoutMs: UPLOAD_DEADLINE_MS,
  });
  lifecycle.onClose('http', () => server.close());
  // Open WebSockets keep a server from closing: they go first.
  proxy.attach(server.server);
  lifecycle.onClose('signaling proxy', () => proxy.close());

  // Last: a password made here must not be lost by a failure after it.
  const { email, password } = config.admin;
  const admin = await accounts.ensureAdmin({
    ...(email !== undefined && { email }),
    ...(password !== undefined && { password }),
  });
  return {
    url: server.url,
    ...(admin && { admin_email: admin.email }),
    ...(admin?.generatedPassword !== undefined && { admin_password: admin.generatedPassword }),
  };
}
