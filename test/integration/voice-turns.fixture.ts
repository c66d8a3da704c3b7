import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { createAccounts } from '../../src/accounts/index.ts';
import { createBilling } from '../../src/billing/index.ts';
import { callRoutes, createCallStore, MediaNodes, Placement } from '../../src/media/index.ts';
import { VoiceActivityDetector } from '../../src/media/audio/vad.ts';
import { createCallMetrics } from '../../src/media/call/call-metrics.ts';
import type { CallEngines } from '../../src/media/call/registry.ts';
import { createTranscoder } from '../../src/media/transcoding/transcoder.ts';
import { VoiceConversations } from '../../src/media/voice-turn/conversations.ts';
import { nodeTurnRoute } from '../../src/media/voice-turn/node-route.ts';
import { readVoiceTurnLimits, type VoiceTurnLimits } from '../../src/media/voice-turn/voice-turn-settings.ts';
import { voiceTurnRoutes } from '../../src/media/voice-turn/web-routes.ts';
import { LivedClock } from '../../src/testing/lived-clock.ts';
import { createHttpApp, listen } from '../../src/platform/http.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createPersonLimit } from '../../src/platform/rate-limit.ts';
import { createTestDatabase } from '../../src/testing/test-database.ts';

export const NODE = 'media-test';

/** Web and one media node as two HTTP servers, on a database of their own; the engines are the test's. */
export async function openVoiceTurns(
  t: TestContext,
  engines: () => CallEngines,
  { turnsAMinute = 100, ...limits }: Partial<VoiceTurnLimits> & { readonly turnsAMinute?: number } = {},
) {
  // Hooks run in the order of their registration: the database goes last.
  const closing: (() => Promise<unknown> | void)[] = [];
  t.after(async () => {
    for (const close of closing) await close();
  });
  const { knex } = await createTestDatabase(t);
  const log = createSilentLogger();
  const clock = new LivedClock();
  // Nothing is charged but by `billing.sweep()`.
  const billing = createBilling({ knex, log, onCallEnded: () => {} });
  const accounts = createAccounts({
    knex,
    log,
    clock,
    tokenSecret: 'a secret of at least thirty-two bytes',
    onRegistered: billing.onRegistered,
    passwords: { cost: { logN: 10, r: 8, p: 1 } },
    limits: { registrationPerPlace: { attempts: 1000, withinSec: 60 } },
  });

  const metrics = createCallMetrics(createMetrics('node'));
  const transcoder = createTranscoder({ log, clock });
  const detector = await VoiceActivityDetector.load();
  const conversations = new VoiceConversations({
    nodeId: NODE,
    store: createCallStore({ knex, nodeId: NODE }),
    meter: billing.meterOf(NODE),
    chooseEngines: engines,
    readLimits: async () => ({ ...(await readVoiceTurnLimits(knex)), ...limits }),
    transcoder,
    detector,
    // The scripted ear keeps up with any speed.
    hearingPace: { leadMs: 1_000_000, speed: 1 },
    clock,
    log,
    metrics,
  });
  const app = (routes: Parameters<typeof createHttpApp>[0]['routes'], name: string) =>
    createHttpApp({
      routes,
      authenticator: accounts.authenticator,
      log,
      metrics: createMetrics(name),
      publicUrl: 'http://localhost',
      checkAnswers: true,
    });
  const node = await listen({
    app: app([nodeTurnRoute({ conversations: () => conversations, verifyToken: accounts.callTokens.verify })], NODE),
    host: '127.0.0.1',
    port: 0,
    graceMs: 0,
  });
  const nodes = new MediaNodes(knex);
  await nodes.register({ id: NODE, url: node.url, publicPath: `/rtc/${NODE}/socket.io`, capacity: 10 });

  const placement = new Placement({ knex, nodes, opening: billing });
  const languages = async () => ['en' as const];
  /** What happens between the headers of a turn and its conversation. */
  const uploading = { meanwhile: async (_userId: string): Promise<unknown> => undefined };
  const voice = voiceTurnRoutes({
    knex,
    place: (call) => placement.place({ ...call, channel: 'http' }),
    find: (callId, userId) => placement.replace(callId, userId, 'http'),
    end: (callId) => billing.meter.end(callId, { reason: 'hang_up', talkedMs: 0 }),
    async preferences(userId) {
      await uploading.meanwhile(userId);
      return accounts.me(userId);
    },
    languages,
    limitTurns: createPersonLimit({ requests: turnsAMinute, perSeconds: 60 }),
    issueToken: accounts.callTokens.issue,
  });
  const calls = callRoutes({
    knex,
    placement,
    languages,
    preferences: accounts.me,
    charges: billing.charges,
    issueToken: accounts.callTokens.issue,
  });
  const web = await listen({ app: app([...calls, ...voice.routes], 'web'), host: '127.0.0.1', port: 0, graceMs: 0 });
  closing.push(
    () => voice.close(),
    () => web.close(),
    () => conversations.close(0),
    () => node.close(),
    () => Promise.all([transcoder.close(), detector.close(), billing.close()]),
  );

  return {
    knex,
    billing,
    accounts,
    uploading,
    conversations,
    transcoder,
    url: web.url,
    node,
    async learner(hundredths = 6_000): Promise<{ id: string; token: string }> {
      const { token } = await accounts.register({
        email: `${randomUUID()}@example.com`,
        password: 'correct horse battery',
        name: '',
        language: 'en',
        ip: '192.0.2.1',
      });
      const me = await accounts.authenticator.authenticate(`Bearer ${token}`);
      const { balance } = await billing.balance(me.userId);
      assert.equal(balance, 6_000);
      if (hundredths !== 6_000) await spendDownTo(me.userId, hundredths);
      return { id: me.userId, token };
    },
    /** How many turns had which outcome. */
    async httpTurns(): Promise<Record<string, number>> {
      const { values } = await metrics.httpTurns.get();
      return Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]));
    },
    async set(key: string, value: unknown): Promise<void> {
      await knex('settings')
        .insert({ key, value: JSON.stringify(value) })
        .onConflict('key')
        .merge();
    },
    /** Balance and held, in minutes. */
    async wallet({ id }: { readonly id: string }): Promise<[number, number]> {
      const { balance, held } = await billing.balance(id);
      return [balance / 100, held / 100];
    },
  };

  async function spendDownTo(userId: string, hundredths: number): Promise<void> {
    await knex.raw(`UPDATE user_profiles SET minutes_held = minutes_balance - :left WHERE user_account_id = :userId`, {
      left: hundredths / 100,
      userId,
    });
  }
}

export interface TurnAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly trailers: IncomingMessage['trailers'];
  readonly body: Buffer;
  /** Of a problem. */
  readonly code: string | undefined;
  /** The body came whole. */
  readonly complete: boolean;
}

export interface TurnOptions {
  readonly token: string;
  readonly body: Uint8Array;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a turn as curl does; Node's own client, for `fetch` knows no trailers. */
export function sendTurn(url: string, { token, body, query = '', headers = {} }: TurnOptions): Promise<TurnAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<TurnAnswer>();
  const request = httpRequest(`${url}/api/voice/turn${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'audio/webm', ...headers },
    signal: AbortSignal.timeout(40_000),
  });
  request.once('error', reject);
  request.once('response', (answer) => resolve(readAnswer(answer)));
  request.end(body);
  return promise;
}

export async function readAnswer(answer: IncomingMessage): Promise<TurnAnswer> {
  const parts: Buffer[] = [];
  try {
    for await (const part of answer) parts.push(part as Buffer);
  } catch {
    // Told by `complete`.
  }
  const body = Buffer.concat(parts);
  const isProblem = answer.headers['content-type']?.includes('problem+json') ?? false;
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    trailers: answer.trailers,
    body,
    code: isProblem ? (JSON.parse(body.toString()) as { code: string }).code : undefined,
    complete: answer.complete,
  };
}
