import { createAccounts } from '../accounts/index.ts';
import { createBilling } from '../billing/index.ts';
import { openQueues } from '../jobs/index.ts';
import type { CallMeter } from '../media/index.ts';
import {
  createCallStore,
  MediaNodes,
  NodeMembership,
  readConversationSettings,
  readVoiceTurnLimits,
  UPLOAD_DEADLINE_MS,
  watchEndRequests,
} from '../media/index.ts';
import { type MediaNode, nodeTurnRoute, signalingPath, startMediaNode } from '../media/node.ts';
import { systemClock } from '../platform/clock.ts';
import type { ServiceConfig } from '../platform/config.ts';
import { connectDatabase, pingDatabase } from '../platform/database.ts';
import { createHttpApp, listen } from '../platform/http.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createTranscoder } from '../media/transcoding/transcoder.ts';
import { preferThisProcess } from '../platform/priority.ts';
import type { Service } from '../platform/service.ts';
import { startRecovery } from '../media/recording/index.ts';
import { openRecordings } from './recordings.ts';
import { createSystemRules } from '../speech/instructions/index.ts';
import { configuredEngines, type EngineParts, type EngineSource } from './engine-source.ts';

/** Carries calls: signaling, the media server, the audio path, the conversation. */
export async function startMedia(
  config: ServiceConfig,
  { log, lifecycle }: Service,
  createEngines: (config: ServiceConfig, parts: EngineParts) => EngineSource = configuredEngines,
): Promise<Readonly<Record<string, string>>> {
  preferThisProcess(log);
  const metrics = createMetrics(config.media.nodeId);
  const database = connectDatabase({
    url: config.databaseUrl,
    poolSize: config.databasePoolSize,
    applicationName: `ailingva ${config.media.nodeId}`,
  });
  lifecycle.onClose('database', () => database.close());
  const { knex } = database;
  const { databaseUrl, redisUrl } = config;
  const applicationName = `ailingva ${config.media.nodeId} queues`;
  const queues = openQueues({ databaseUrl, redisUrl, log, metrics, applicationName });
  lifecycle.onClose('queues', () => queues.close(), 10_000);
  const billing = createBilling({
    knex,
    log,
    // The charge is another process's work: this one has audio to carry.
    onCallEnded: (callId) => void queues.enqueue('finalize-call', { callId }),
  });
  lifecycle.onClose('billing', () => billing.close());
  const accounts = createAccounts({
    knex,
    log,
    clock: systemClock,
    tokenSecret: config.tokenSecret,
    onRegistered: () => Promise.reject(new Error('Nobody registers with a media process')),
  });
  const systemRules = createSystemRules({ knex });
  const engines = createEngines(config, { log, knex, metrics });
  lifecycle.onClose('engines', () => engines.close());

  // The node needs the server, whose routes need the node.
  let started: MediaNode | undefined;
  const turns = nodeTurnRoute({
    conversations: () => started?.conversations,
    verifyToken: (token) => accounts.callTokens.verify(token),
  });
  const app = createHttpApp({
    routes: [turns],
    log,
    metrics,
    publicUrl: config.web.publicUrl,
    readiness: { database: () => pingDatabase(database) },
  });
  const { host, port } = config.media;
  const http = await listen({ app, host, port, portVariable: 'MEDIA_PORT', requestTimeoutMs: UPLOAD_DEADLINE_MS });
  lifecycle.onClose('http', () => http.close());

  const { recordings, store } = openRecordings(config, { knex, log });
  lifecycle.onClose('recordings', () => store.close());
  // Nobody's call waits for it.
  const recovery = startRecovery({ recordings, clock: systemClock, log });
  lifecycle.onClose('recovery of recordings', () => recovery.close());
  const transcoder = createTranscoder({ ffmpegBin: config.media.ffmpegBin, log, clock: systemClock });
  lifecycle.onClose('transcoder', () => transcoder.close());

  const meter = billing.meterOf(config.media.nodeId) satisfies CallMeter;
  const node = await startMediaNode({
    nodeId: config.media.nodeId,
    httpServer: http.server,
    rtc: { ...config.rtc, workerBin: config.media.workerBin, workers: 1 },
    opusAddonPath: config.media.opusAddon,
    store: createCallStore({ knex, nodeId: config.media.nodeId }),
    meter,
    turns: { meter, readLimits: () => readVoiceTurnLimits(knex) },
    chooseEngines: (request) => engines.choose(request),
    readSettings: () => readConversationSettings(knex, log),
    readInstructions: async (lesson) => (await systemRules.compose(lesson)).text,
    recordings,
    transcoder,
    verifyToken: (token) => accounts.callTokens.verify(token),
    clock: systemClock,
    log,
    metrics,
  });
  started = node;
  const endRequests = watchEndRequests({
    knex,
    nodeId: config.media.nodeId,
    // One that is not here any more, or was never joined, has only its row.
    async end(callId, reason) {
      if (!(await node.calls.end(callId, reason))) await meter.end(callId, { reason, talkedMs: 0 });
    },
    clock: systemClock,
    log,
  });
  lifecycle.onClose('end requests', () => endRequests.close());
  const { drainMs } = config.media;
  lifecycle.onClose('calls', () => node.close(drainMs), drainMs + 10_000);

  const membership = new NodeMembership({
    nodes: new MediaNodes(knex),
    node: {
      id: config.media.nodeId,
      url: config.media.url ?? http.url,
      publicPath: signalingPath(config.media.nodeId),
      capacity: config.media.capacity,
    },
    load: () => node.load,
    clock: systemClock,
    log,
  });
  await membership.start();
  lifecycle.onClose(
    'node',
    async () => {
      await membership.drain();
      await node.close(drainMs);
      await membership.leave();
    },
    drainMs + 12_000,
  );
  log.info({ codec: node.codec, url: http.url, rtcPort: config.rtc.port }, 'Ready for calls');
  return { url: http.url };
}
