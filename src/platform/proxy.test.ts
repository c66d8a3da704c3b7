import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Server as SocketServer } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { createHttpApp, listen, problemSchema } from './http.ts';
import { createSilentLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createSignalingProxy, type SignalingProxy } from './proxy.ts';

async function startNode(t: TestContext, nodeId: string): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new SocketServer({ path: `/rtc/${nodeId}/socket.io` });
  sockets.on('connection', (socket) => {
    socket.on('echo', (value: unknown, reply: (value: unknown) => void) => reply(value));
    socket.emit('seen', socket.handshake.headers['x-forwarded-for']);
  });
  const server = createServer();
  sockets.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const close = () => sockets.close();
  t.after(close);
  return { url: `http://127.0.0.1:${address.port}`, close };
}

async function startFront(
  t: TestContext,
  findNode: (nodeId: string) => Promise<string | undefined>,
  trustedProxies = 0,
): Promise<{ url: string; proxy: SignalingProxy }> {
  const log = createSilentLogger();
  const proxy = createSignalingProxy({ findNode, log, trustedProxies });
  const metrics = createMetrics('test');
  const app = createHttpApp({
    routes: [],
    log,
    metrics,
    publicUrl: 'http://localhost:3000',
    middleware: [proxy.middleware],
  });
  const front = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  proxy.attach(front.server);
  t.after(async () => {
    proxy.close();
    await front.close();
  });
  return { url: front.url, proxy };
}

function page(t: TestContext, url: string, transport: 'polling' | 'websocket', headers = {}): Socket {
  const socket = io(url, {
    path: '/rtc/media-0/socket.io',
    transports: [transport],
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
  });
  t.after(() => socket.close());
  return socket;
}

function next<Value>(socket: Socket, event: string): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const timer = setTimeout(() => reject(new Error(`no ${event} within 30 s`)), 30_000);
  socket.once(event, (value: Value) => {
    clearTimeout(timer);
    resolve(value);
  });
  return promise;
}

for (const transport of ['polling', 'websocket'] as const) {
  test(`messages pass both ways over ${transport}`, async (t) => {
    const node = await startNode(t, 'media-0');
    const { url } = await startFront(t, async () => node.url);
    const socket = page(t, url, transport);
    await next(socket, 'connect');
    const large = 'x'.repeat(50_000);
    assert.equal(await socket.timeout(30_000).emitWithAck('echo', large), large);
    assert.equal(await socket.timeout(30_000).emitWithAck('echo', 'again'), 'again');
  });

  test(`a client's own X-Forwarded-For is not believed over ${transport}`, async (t) => {
    const node = await startNode(t, 'media-0');
    const { url } = await startFront(t, async () => node.url);
    const seen = next(page(t, url, transport, { 'X-Forwarded-For': '8.8.8.8' }), 'seen');
    assert.equal(await seen, '127.0.0.1');
  });
}

test('behind one believed proxy the client is whom that proxy names last', async (t) => {
  const node = await startNode(t, 'media-0');
  const { url } = await startFront(t, async () => node.url, 1);
  const seen = next(page(t, url, 'websocket', { 'X-Forwarded-For': '8.8.8.8, 192.0.2.7' }), 'seen');
  assert.equal(await seen, '192.0.2.7');
});

async function codeOf(answer: Response): Promise<string> {
  return problemSchema.parse(await answer.json()).code;
}

test('a node that is not known is a 404 with a code', async (t) => {
  const { url } = await startFront(t, async () => undefined);
  const answer = await fetch(`${url}/rtc/nowhere/socket.io/?EIO=4&transport=polling`);
  assert.equal(answer.status, 404);
  assert.equal(await codeOf(answer), 'media_node_not_found');
});

test('a node that is down is a 503 with a code', async (t) => {
  const gone = await startNode(t, 'media-0');
  await gone.close();
  const { url } = await startFront(t, async () => gone.url);
  const answer = await fetch(`${url}/rtc/media-0/socket.io/?EIO=4&transport=polling`);
  assert.equal(answer.status, 503);
  assert.equal(await codeOf(answer), 'media_node_unavailable');
});

for (const transport of ['polling', 'websocket'] as const) {
  test(`a node that came back at another address is found there over ${transport}`, async (t) => {
    const gone = await startNode(t, 'media-0');
    await gone.close();
    const alive = await startNode(t, 'media-0');
    const addresses = [gone.url, alive.url];
    const { url } = await startFront(t, async () => addresses.shift());
    await next(page(t, url, transport), 'connect');
  });
}

/** What the server answers to a hand-written request, up to the end of the connection. */
async function speak(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(30_000, () => socket.destroy(new Error('no answer within 30 s')));
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

const UPGRADE =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

test('a WebSocket to a node that is down is refused with a code', async (t) => {
  const gone = await startNode(t, 'media-0');
  await gone.close();
  const { url } = await startFront(t, async () => gone.url);
  const answer = await speak(url, `GET /rtc/media-0/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${UPGRADE}`);
  assert.match(answer, /^HTTP\/1\.1 503 /);
  assert.match(answer, /"code":"media_node_unavailable"/);
});

test('addresses that are not socket.io of a well-named node are sent nowhere', async (t) => {
  const asked: string[] = [];
  const { url } = await startFront(t, async (nodeId) => void asked.push(nodeId));
  for (const address of [
    '/rtc/media-0/metrics',
    '/rtc/../metrics/socket.io/',
    '/rtc/%2e%2e/socket.io/',
    '/rtc/evil.example:80/socket.io/',
    '/rtc/a@b/socket.io/',
    '/rtc/media-0/socket.io/../../metrics',
    '//evil.example/rtc/media-0/socket.io/',
    'http://evil.example/rtc/media-0/socket.io/',
  ]) {
    const plain = await speak(url, `GET ${address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(plain, /^HTTP\/1\.1 404 /, address);
    const upgrade = await speak(url, `GET ${address} HTTP/1.1\r\n${UPGRADE}`);
    assert.match(upgrade, /^HTTP\/1\.1 404 /, address);
  }
  assert.deepEqual(asked, []);
});

test('a node may only name a plain origin as its address', async (t) => {
  const { url } = await startFront(t, async () => 'file:///etc/passwd');
  const answer = await fetch(`${url}/rtc/media-0/socket.io/?EIO=4&transport=polling`);
  assert.equal(answer.status, 404);
});

test('closing cuts the WebSockets under way', async (t) => {
  const node = await startNode(t, 'media-0');
  const { url, proxy } = await startFront(t, async () => node.url);
  const socket = page(t, url, 'websocket');
  await next(socket, 'connect');
  const left = next<string>(socket, 'disconnect');
  proxy.close();
  assert.match(await left, /transport/);
});
