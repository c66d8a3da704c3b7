import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { io } from 'socket.io-client';
import { systemClock, type Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { createMetrics, type Metrics } from '../../platform/metrics.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { within } from '../../testing/caller/deadline.ts';
import { RefusedError, SignalingClient } from '../../testing/caller/signaling-client.ts';
import type { CallAdmission, CallClient, PageMedia, SignaledCall } from '../call/call-port.ts';
import { requestSchemas, type JoinAnswer, type Reply, type RequestName } from '../protocol.ts';
import type { SignalingLimits } from './limits.ts';
import { SignalingServer } from './server.ts';

const PATH = '/rtc/test/socket.io';
const DEADLINE_MS = 30_000;

/** The one call of these tests: notes what it is asked, and knows its client. */
class FakeCall implements SignaledCall, PageMedia {
  readonly id = 'call-1';
  readonly media = this;
  readonly asked: string[] = [];
  readonly joinAsked = Promise.withResolvers<void>();
  readonly detached = Promise.withResolvers<CallClient>();
  client: CallClient | undefined;
  detachCount = 0;
  /** What `resumeConsumer` waits for. */
  resume: Promise<void> = Promise.resolve();
  /** What `join` waits for. */
  joining: Promise<void> = Promise.resolve();

  async join(client: CallClient, { keepTransports }: { readonly keepTransports: boolean }): Promise<JoinAnswer> {
    this.asked.push(`join ${keepTransports}`);
    this.joinAsked.resolve();
    await this.joining;
    const earlier = this.client;
    this.client = client;
    earlier?.takenOver();
    return {
      call_id: this.id,
      resumed: earlier !== undefined,
      router_rtp_capabilities: {},
      ice_servers: [],
      transports: null,
      language: 'en',
      engines: { stt: 'scripted', tutor: 'scripted', tts: 'scripted' },
      captions: [],
      talked_ms: 0,
      left_ms: 60_000,
      recording: false,
    };
  }
  detach(client: CallClient): void {
    this.detachCount++;
    this.detached.resolve(client);
  }
  openSocketVoice(container: string): { stream: number; sample_rate: number } {
    this.asked.push(`voice ${container}`);
    return { stream: 1, sample_rate: 24_000 };
  }
  hearSocketVoice(stream: number, bytes: Uint8Array): void {
    this.asked.push(`sound ${stream} ${bytes.length}`);
  }
  socketVoicePlayed(): void {}
  closeSocketVoice(): void {}
  async connectTransport(transportId: string): Promise<void> {
    this.asked.push(`connect ${transportId}`);
    if (transportId === 'broken') throw new Error('a secret of the inside');
    if (transportId === 'unknown') {
      throw new AppError({ code: 'transport_not_found', kind: 'not_found', message: 'No such transport.' });
    }
  }
  async produce(transportId: string, kind: string): Promise<string> {
    this.asked.push(`produce ${transportId} ${kind}`);
    return 'producer-1';
  }
  async consume() {
    this.asked.push('consume');
    return { consumer_id: 'c', producer_id: 'p', kind: 'audio' as const, rtp_parameters: {} };
  }
  async resumeConsumer(): Promise<void> {
    await this.resume;
  }
  async restartIce(): Promise<unknown> {
    return { usernameFragment: 'u' };
  }
  setMuted(muted: boolean): void {
    this.asked.push(`mute ${muted}`);
  }
  async hangUp(): Promise<void> {
    this.asked.push('hang-up');
  }
}

interface Desk {
  readonly url: string;
  readonly call: FakeCall;
  readonly server: SignalingServer;
  readonly metrics: Metrics;
  connect(token?: string): Promise<SignalingClient>;
  join(token?: string): Promise<SignalingClient>;
}

async function openDesk(
  context: TestContext,
  { limits, clock = systemClock }: { limits?: Partial<SignalingLimits>; clock?: Clock } = {},
): Promise<Desk> {
  const httpServer = createServer();
  httpServer.listen(0, '127.0.0.1');
  await once(httpServer, 'listening');
  const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
  const call = new FakeCall();
  const metrics = createMetrics('test');
  const calls: CallAdmission = {
    async admit(callId, userId) {
      if (callId === call.id && userId.startsWith('user')) return call;
      throw new AppError({ code: 'call_not_found', kind: 'not_found', message: 'No such call.' });
    },
  };
  const server = SignalingServer.attach({
    httpServer,
    path: PATH,
    calls,
    clock,
    metrics,
    log: createSilentLogger(),
    ...(limits && { limits }),
    // Tokens of these tests are `call user`.
    async verifyToken(token) {
      const [callId, userId] = token.split(' ');
      if (callId === 'crash') throw new TypeError('a secret of the inside');
      if (!callId || !userId) {
        throw new AppError({ code: 'token_invalid', kind: 'unauthenticated', message: 'The token is not valid.' });
      }
      return { callId, userId };
    },
  });
  context.after(async () => {
    await server.close();
    httpServer.close();
    httpServer.closeAllConnections();
    await once(httpServer, 'close');
  });
  const connect = async (token = 'call-1 user-1') => {
    const client = await SignalingClient.connect({ url, path: PATH, token, deadlineMs: DEADLINE_MS });
    context.after(() => client.close());
    return client;
  };
  const join = async (token?: string) => {
    const client = await connect(token);
    await client.request('call:join', { protocol: 1, keep_transports: false });
    return client;
  };
  return { url, call, server, metrics, connect, join };
}

function hasCode(code: string) {
  return (error: unknown) => error instanceof RefusedError && error.code === code;
}

function codeOf(reply: unknown): string {
  const parsed = reply as Reply<unknown>;
  return parsed.ok ? 'ok' : parsed.error.code;
}

async function waitForMetric(metrics: Metrics, pattern: RegExp): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!pattern.test(await metrics.metrics())) {
    assert.ok(performance.now() < deadlineMs, `${pattern} has not come`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('connecting', () => {
  it('refuses a token that is missing, wrong, or cannot be verified, with a code and no secrets', async (context) => {
    const desk = await openDesk(context);
    await assert.rejects(desk.connect(''), hasCode('token_missing'));
    await assert.rejects(desk.connect('x'.repeat(5_000)), hasCode('token_missing'));
    await assert.rejects(desk.connect('garbage'), hasCode('token_invalid'));
    await assert.rejects(desk.connect('crash user-1'), (error: unknown) => {
      assert.ok(hasCode('internal')(error));
      assert.doesNotMatch((error as Error).message, /secret/);
      return true;
    });
    const socket = io(desk.url, {
      path: PATH,
      auth: { token: { toString: 'call-1' } },
      reconnection: false,
      forceNew: true,
    });
    context.after(() => socket.disconnect());
    const refused = Promise.withResolvers<{ data?: { code: string } }>();
    socket.on('connect_error', refused.resolve);
    assert.equal((await within(refused.promise, DEADLINE_MS, 'connect_error')).data?.code, 'token_missing');
  });

  it('refuses a page of another origin, and takes one behind a proxy', async (context) => {
    const desk = await openDesk(context);
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${desk.url}${PATH}/?EIO=4&transport=polling`, { headers })).status;
    assert.equal(await ask({}), 200);
    assert.equal(await ask({ origin: desk.url }), 200);
    assert.equal(await ask({ origin: 'https://evil.example' }), 403);
    assert.equal(await ask({ origin: 'null' }), 403);
    assert.equal(await ask({ origin: 'https://talk.example', 'x-forwarded-host': 'talk.example' }), 200);
    const answer = await fetch(`${desk.url}${PATH}/?EIO=4&transport=polling`, { headers: { origin: desk.url } });
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
  });

  it('lets a learner have so many connections and no more, until one goes', async (context) => {
    const desk = await openDesk(context, { limits: { connectionsPerUser: 2 } });
    const first = await desk.connect();
    await desk.connect();
    await assert.rejects(desk.connect(), hasCode('too_many_connections'));
    await desk.connect('call-1 user-2');
    first.close();
    await waitForMetric(desk.metrics, /ailingva_signaling_connections\{[^}]*\} 2\n/);
    await desk.connect();
  });

  it('lets a learner connect so often and no oftener', async (context) => {
    const desk = await openDesk(context, { limits: { newConnections: { times: 2, perSeconds: 3_600 } } });
    (await desk.connect()).close();
    (await desk.connect()).close();
    await assert.rejects(desk.connect(), hasCode('too_many_connections'));
    await desk.connect('call-1 user-2');
  });

  it('ends a connection that does not join in time', async (context) => {
    const clock = new FakeClock();
    const desk = await openDesk(context, { clock, limits: { joinDeadlineMs: 10_000 } });
    const lingering = await desk.connect();
    const joined = await desk.join();
    await clock.advance(9_999);
    assert.equal(lingering.connected, true);
    await clock.advance(1);
    assert.equal(await within(lingering.disconnected, DEADLINE_MS, 'disconnect'), 'io server disconnect');
    assert.equal(codeOf(await joined.requestRaw('call:mute', { muted: true })), 'ok');
  });

  it('takes no more once it is closed, and disconnects those that are there', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.join();
    await Promise.all([desk.server.close(), desk.server.close()]);
    await within(client.disconnected, DEADLINE_MS, 'disconnect');
    await within(desk.call.detached.promise, DEADLINE_MS, 'detach');
    await assert.rejects(desk.connect());
    assert.equal(desk.server.connections, 0);
  });
});

describe('joining', () => {
  it('hands each request to the call and its answer back', async (context) => {
    const { call, ...desk } = await openDesk(context);
    const client = await desk.join();
    const fingerprints = [{ algorithm: 'sha-256' as const, value: Array.from({ length: 32 }, () => 'AB').join(':') }];
    await client.request('transport:connect', { transport_id: 't', dtls_parameters: { role: 'client', fingerprints } });
    const produced = await client.request('track:produce', {
      transport_id: 't',
      kind: 'audio',
      rtp_parameters: {
        codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000 }],
        encodings: [{ ssrc: 1 }],
      },
    });
    assert.deepEqual(produced, { producer_id: 'producer-1' });
    const consumed = await client.request('track:consume', { rtp_capabilities: { codecs: [] } });
    assert.equal(consumed.consumer_id, 'c');
    await client.request('track:resume', {});
    assert.deepEqual(await client.request('ice:restart', { transport_id: 't' }), {
      ice_parameters: { usernameFragment: 'u' },
    });
    await client.request('call:mute', { muted: true });
    await client.request('call:hang-up', {});
    await client.request('call:hang-up', {});
    assert.deepEqual(call.asked, [
      'join false',
      'connect t',
      'produce t audio',
      'consume',
      'mute true',
      'hang-up',
      'hang-up',
    ]);
  });

  it('carries the events of the call to the page', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.join();
    desk.call.client?.send('call:phase', { phase: 'listening' });
    assert.deepEqual(await client.event('call:phase'), { phase: 'listening' });
  });

  it('refuses every request before the join, a second join, a wrong version and a stranger', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.connect();
    for (const name of ['track:resume', 'call:hang-up', 'call:mute'] as const) {
      assert.equal(codeOf(await client.requestRaw(name, {})), 'not_joined', name);
    }
    assert.equal(
      codeOf(await client.requestRaw('call:join', { protocol: 2, keep_transports: false })),
      'message_invalid',
    );
    const results = await Promise.allSettled([
      client.request('call:join', { protocol: 1, keep_transports: true }),
      client.request('call:join', { protocol: 1, keep_transports: true }),
    ]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    await assert.rejects(
      client.request('call:join', { protocol: 1, keep_transports: false }),
      hasCode('already_joined'),
    );
    assert.deepEqual(desk.call.asked, ['join true']);
    const stranger = await desk.connect('call-1 stranger');
    const join = { protocol: 1 as const, keep_transports: false };
    await assert.rejects(stranger.request('call:join', join), hasCode('call_not_found'));
    await assert.rejects(stranger.request('call:join', join), hasCode('call_not_found'));
  });

  it('tells the earlier page that another has taken the call, and only then lets it go', async (context) => {
    const desk = await openDesk(context);
    const first = await desk.join();
    const second = await desk.join();
    await first.event('call:taken-over');
    await within(first.disconnected, DEADLINE_MS, 'disconnect');
    assert.equal(second.connected, true);
    assert.equal(desk.call.detachCount, 0);
  });

  it('detaches when the connection is lost, also while joining', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.join();
    const { client: known } = desk.call;
    client.close();
    assert.equal(await within(desk.call.detached.promise, DEADLINE_MS, 'detach'), known);

    const late = await openDesk(context);
    const joining = Promise.withResolvers<void>();
    late.call.joining = joining.promise;
    const page = await late.connect();
    page.emitRaw('call:join', { protocol: 1, keep_transports: false });
    await within(late.call.joinAsked.promise, DEADLINE_MS, 'join');
    page.close();
    await waitForMetric(late.metrics, /ailingva_signaling_connections\{[^}]*\} 0\n/);
    joining.resolve();
    assert.equal(await within(late.call.detached.promise, DEADLINE_MS, 'detach'), late.call.client);
  });

  it('lets the connection of an ended call go after a while', async (context) => {
    const clock = new FakeClock();
    const desk = await openDesk(context, { clock, limits: { endedLingerMs: 3_000 } });
    const client = await desk.join();
    desk.call.client?.send('call:ended', { reason: 'hang_up', talked_ms: 1 });
    await client.event('call:ended');
    assert.equal(codeOf(await client.requestRaw('call:hang-up', {})), 'ok');
    await clock.advance(3_000);
    await within(client.disconnected, DEADLINE_MS, 'disconnect');
  });

  it('answers even when the call does not', async (context) => {
    const clock = new FakeClock();
    const desk = await openDesk(context, { clock, limits: { requestDeadlineMs: 1_000 } });
    const client = await desk.join();
    desk.call.resume = new Promise(() => {});
    const reply = client.requestRaw('track:resume', {});
    // Requests are taken in order: once the next is answered, the first waits for the call.
    await client.request('call:mute', { muted: false });
    await clock.advance(1_000);
    assert.equal(codeOf(await reply), 'request_timeout');
  });
});

describe('bad input', () => {
  it('gets a reply with a code: unknown names, payloads of no form, errors inside', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.join();
    for (const name of ['nonsense', 'constructor', '__proto__', 'toString', 'error', 'message', '']) {
      assert.equal(codeOf(await client.requestRaw(name, {})), 'message_unknown', name);
    }
    for (const payloads of [[], [null], ['x'], [[]], [{}, {}], [{ muted: 'yes' }], [{ muted: true, extra: 1 }]]) {
      assert.equal(codeOf(await client.requestRaw('call:mute', ...payloads)), 'message_invalid');
    }
    assert.equal(codeOf(await client.requestRaw('call:mute', Buffer.from('binary'))), 'message_invalid');
    const fingerprints = [{ algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') }];
    const connect = (transport_id: string) =>
      client.requestRaw('transport:connect', { transport_id, dtls_parameters: { fingerprints } });
    assert.equal(codeOf(await connect('unknown')), 'transport_not_found');
    const inside = await connect('broken');
    assert.equal(codeOf(inside), 'internal');
    assert.doesNotMatch(JSON.stringify(inside), /secret/);
    assert.equal(codeOf(await client.requestRaw('call:mute', { muted: true })), 'ok');
  });

  it('cannot reach prototypes', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.join();
    const polluting = JSON.parse(
      '{"rtp_capabilities":{"codecs":[{"kind":"audio","mimeType":"audio/opus","clockRate":48000,"parameters":{"__proto__":"x","constructor":"y"},"__proto__":{"polluted":1}}],"__proto__":{"polluted":1}}}',
    ) as object;
    await client.requestRaw('track:consume', polluting);
    await client.requestRaw('call:mute', JSON.parse('{"muted":true,"__proto__":{"polluted":1}}'));
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.equal(codeOf(await client.requestRaw('call:mute', { muted: true })), 'ok');
  });

  it('is done but not answered when the page gave no function to answer with', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.join();
    client.emitRaw('call:mute', { muted: true });
    client.emitRaw('call:mute', 'garbage');
    client.emitRaw('nonsense');
    await client.request('call:hang-up', {});
    assert.deepEqual(desk.call.asked, ['join false', 'mute true', 'hang-up']);
  });

  it('ends the connection when there is too much of it', async (context) => {
    const desk = await openDesk(context, { limits: { messages: { times: 5, perSeconds: 60 } } });
    const client = await desk.join();
    const other = await desk.connect('call-1 user-2');
    const codes: string[] = [];
    for (let count = 0; count < 5; count++) {
      codes.push(codeOf(await client.requestRaw('call:mute', { muted: true })));
    }
    assert.deepEqual(codes, ['ok', 'ok', 'ok', 'ok', 'too_many_messages']);
    assert.equal(await within(client.disconnected, DEADLINE_MS, 'disconnect'), 'io server disconnect');
    assert.equal(codeOf(await other.requestRaw('call:mute', { muted: true })), 'not_joined');
  });

  it('opens the voice of a call so often and no oftener, by whatever connection, and goes on', async (context) => {
    const desk = await openDesk(context, { limits: { voiceOpenings: { times: 2, perSeconds: 3_600 } } });
    const open = async (client: SignalingClient) =>
      codeOf(await client.requestRaw('voice:open', { container: 'webm' }));
    const first = await desk.join();
    assert.deepEqual([await open(first), await open(first)], ['ok', 'ok']);
    assert.equal(await open(first), 'too_many_voice_openings');
    const again = await desk.join();
    assert.equal(await open(again), 'too_many_voice_openings');
    assert.deepEqual(
      desk.call.asked.filter((asked) => asked.startsWith('voice')),
      ['voice webm', 'voice webm'],
    );
    assert.equal(codeOf(await again.requestRaw('call:mute', { muted: true })), 'ok');
  });

  it('ends the connection when a message is too large', async (context) => {
    const desk = await openDesk(context);
    const client = await desk.join();
    client.emitRaw('call:mute', { muted: true, padding: 'x'.repeat(70_000) });
    await within(client.disconnected, DEADLINE_MS, 'disconnect');
    await desk.join();
  });

  it('of the transport itself ends that connection and no other', async (context) => {
    const desk = await openDesk(context);
    const witness = await desk.join();
    const nested = '['.repeat(30_000) + ']'.repeat(30_000);
    const junk = [
      '4',
      '42',
      '42[',
      '42{"a":1}',
      '421["call:mute",{"muted":true}',
      '451-["x",{"_placeholder":true,"num":9}]',
      '42["disconnect"]',
      '42["error",{}]',
      '421[1,2]',
      '49',
      'zzz',
      '\u0000',
      `421["call:mute",${nested}]`,
    ];
    for (const text of junk) {
      const socket = new WebSocket(`${desk.url.replace('http', 'ws')}${PATH}/?EIO=4&transport=websocket`);
      const closed = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      socket.addEventListener('close', () => closed.resolve());
      socket.addEventListener('message', ({ data }) => {
        const message = String(data);
        if (message.startsWith('0')) socket.send('40{"token":"call-1 user-9"}');
        if (message.startsWith('40')) {
          socket.send(text);
          socket.send('427["call:mute",{"muted":true}]');
        }
        if (message.startsWith('437')) answered.resolve();
      });
      await within(
        Promise.race([closed.promise, answered.promise]),
        DEADLINE_MS,
        `an end or an answer after ${text.slice(0, 40)}`,
      );
      socket.close();
      await within(closed.promise, DEADLINE_MS, 'close');
    }
    assert.equal(codeOf(await witness.requestRaw('call:mute', { muted: true })), 'ok');
  });

  it('never brings the server down and is always answered by a Reply, whatever JSON it is', async (context) => {
    const desk = await openDesk(context, { limits: { messages: { times: 1_000_000, perSeconds: 5 } } });
    const joined = await desk.join();
    const waiting = await desk.connect('call-1 user-2');
    const names = Object.keys(requestSchemas) as RequestName[];
    const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, fc.string({ maxLength: 20 }));
    const nearly = fc.record(
      {
        protocol: fc.oneof(fc.constant(1), fc.jsonValue()),
        keep_transports: fc.oneof(fc.boolean(), fc.jsonValue()),
        transport_id: fc.oneof(fc.string(), fc.jsonValue()),
        kind: fc.oneof(fc.constantFrom('audio', 'video'), fc.jsonValue()),
        dtls_parameters: fc.oneof(fc.record({ fingerprints: fc.jsonValue(), role: fc.jsonValue() }), fc.jsonValue()),
        rtp_parameters: fc.oneof(
          fc.record({ codecs: fc.array(fc.jsonValue()), encodings: fc.jsonValue() }),
          fc.jsonValue(),
        ),
        rtp_capabilities: fc.oneof(fc.record({ codecs: fc.array(fc.jsonValue()) }), fc.jsonValue()),
        muted: fc.oneof(fc.boolean(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const payloads = fc.oneof(fc.tuple(nearly), fc.tuple(fc.jsonValue()), fc.array(fc.jsonValue(), { maxLength: 3 }));
    const reserved = new Set([
      'connect',
      'connect_error',
      'disconnect',
      'disconnecting',
      'newListener',
      'removeListener',
    ]);
    await fc.assert(
      fc.asyncProperty(name, payloads, fc.boolean(), async (event, values, asJoined) => {
        fc.pre(!reserved.has(event));
        const client = asJoined ? joined : waiting;
        const reply = (await client.requestRaw(event, ...values)) as Reply<unknown>;
        if (reply.ok) assert.equal(typeof reply.data, 'object');
        else {
          assert.match(reply.error.code, /^[a-z0-9_]+$/);
          assert.notEqual(reply.error.code, 'internal');
          assert.equal(typeof reply.error.message, 'string');
          assert.equal(typeof reply.error.retryable, 'boolean');
        }
      }),
      { numRuns: 500 },
    );
  });
});
