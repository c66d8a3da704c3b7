import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { AppError } from './errors.ts';
import { createHttpApp, defineRoute, listen, type HttpAppOptions, type Principal, type Route } from './http.ts';
import { createSilentLogger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createAddressLimit } from './rate-limit.ts';

const people: Record<string, Principal> = {
  'Bearer ann': { userId: 'ann', role: 'student', tokenVersion: 1 },
  'Bearer eve': { userId: 'eve', role: 'admin', tokenVersion: 1 },
};

const authenticator = {
  async authenticate(header: string | undefined): Promise<Principal> {
    const person = people[header ?? ''];
    if (person) return person;
    throw new AppError({ code: 'token_invalid', kind: 'unauthenticated', message: 'Sign in again.' });
  },
};

const answer = z.object({ said: z.string() });

const routes: Route[] = [
  defineRoute({
    method: 'post',
    path: '/api/things/{id}/words',
    summary: '',
    tag: 'test',
    access: 'public',
    status: 201,
    params: z.object({ id: z.coerce.number().int() }),
    query: z.strictObject({ times: z.coerce.number().int().max(3).default(1) }),
    body: z.strictObject({ word: z.string().max(70_000), loud: z.boolean().default(false) }),
    answer,
    handle: async ({ params, query, body, idempotencyKey, principal }) => {
      assert.equal(principal, undefined);
      const word = body.loud ? body.word.toUpperCase() : body.word;
      return { said: `${params.id} ${word.repeat(query.times)} ${idempotencyKey ?? '-'}` };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/me',
    summary: '',
    tag: 'test',
    access: 'user',
    answer,
    handle: async ({ principal }) => ({ said: principal.userId }),
  }),
  defineRoute({
    method: 'post',
    path: '/api/staff',
    summary: '',
    tag: 'test',
    access: ['admin', 'support'],
    body: z.object({}),
    answer,
    idempotency: 'required',
    handle: async ({ principal }) => ({ said: principal.role }),
  }),
  failing('/api/fails', () => {
    throw new Error('password is hunter2');
  }),
  failing('/api/unreachable', () => {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  }),
  failing('/api/slow-down', () => {
    throw new AppError({ code: 'wait', kind: 'too_many', message: 'Wait.', details: { retry_after_seconds: 1.2 } });
  }),
  failing('/api/leaks', () => ({ said: 'yes', passwordHash: 'secret' })),
];

function failing(address: string, act: () => { said: string }): Route {
  const handle = async () => act();
  return defineRoute({ method: 'get', path: address, summary: '', tag: 'test', access: 'public', answer, handle });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

interface Server {
  readonly metrics: Metrics;
  readonly ask: (address: string, init?: RequestInit) => Promise<Answer>;
  readonly post: (address: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>;
}

async function serve(t: TestContext, options: Partial<HttpAppOptions> = {}): Promise<Server> {
  const metrics = createMetrics('test');
  const app = createHttpApp({
    routes,
    authenticator,
    log: createSilentLogger(),
    metrics,
    publicUrl: 'https://ailingva.example',
    checkAnswers: true,
    ...options,
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  t.after(() => server.close());
  const ask: Server['ask'] = async (address, init = {}) => {
    const response = await fetch(server.url + address, { signal: AbortSignal.timeout(60_000), ...init });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    const body = z.record(z.string(), z.unknown()).parse(json ? JSON.parse(text) : { text });
    return { status: response.status, headers: response.headers, body };
  };
  const post: Server['post'] = (address, body, headers = {}) =>
    ask(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { metrics, ask, post };
}

test('path, query and body reach the handler parsed, with defaults', async (t) => {
  const { post } = await serve(t);
  const { status, body, headers } = await post('/api/things/7/words?times=2', { word: 'da', loud: true });
  assert.equal(status, 201);
  assert.deepEqual(body, { said: '7 DADA -' });
  assert.equal(headers.get('cache-control'), 'no-store');
});

test('every wrong field is named', async (t) => {
  const { post } = await serve(t);
  const { status, body, headers } = await post('/api/things/7/words', { word: 1, loud: 'yes', more: true });
  assert.equal(status, 400);
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(body['code'], 'request_invalid');
  assert.equal(body['type'], 'urn:ailingva:problem:request_invalid');
  assert.equal(body['title'], 'Bad Request');
  assert.equal(body['request_id'], headers.get('x-request-id'));
  const fields = z.array(z.object({ field: z.string(), message: z.string() })).parse(body['errors']);
  assert.deepEqual(
    fields.map(({ field }) => field),
    ['word', 'loud', ''],
  );
});

for (const [what, address, body, expected] of [
  ['a wrong path parameter', '/api/things/x/words', { word: 'a' }, 'request_invalid'],
  ['an unknown query parameter', '/api/things/1/words?no=1', { word: 'a' }, 'request_invalid'],
  ['malformed JSON', '/api/things/1/words', '{"word":', 'json_malformed'],
  ['a body that is no object', '/api/things/1/words', '"word"', 'json_malformed'],
  ['no body', '/api/things/1/words', '', 'request_invalid'],
  ['an address that cannot be read', '/api/things/%ff/words', { word: 'a' }, 'address_malformed'],
] as const) {
  test(`${what} is a 400`, async (t) => {
    const { post } = await serve(t);
    const { status, body: problem } = await post(address, body);
    assert.deepEqual([status, problem['code']], [400, expected]);
  });
}

test('a body over 64 KiB is a 413', async (t) => {
  const { post } = await serve(t);
  const { status, body } = await post('/api/things/1/words', { word: 'x'.repeat(65_536) });
  assert.deepEqual([status, body['code']], [413, 'body_too_large']);
});

test('a body that is not JSON is a 415', async (t) => {
  const { post } = await serve(t);
  const { status, body } = await post('/api/things/1/words', 'word=a', { 'content-type': 'text/plain' });
  assert.deepEqual([status, body['code']], [415, 'content_type_unsupported']);
});

test('an unknown address is a 404, a known one with another method a 405', async (t) => {
  const { ask } = await serve(t);
  const unknown = await ask('/api/nothing');
  assert.deepEqual([unknown.status, unknown.body['code']], [404, 'route_not_found']);
  const other = await ask('/api/me', { method: 'DELETE' });
  assert.deepEqual([other.status, other.body['code'], other.headers.get('allow')], [405, 'method_not_allowed', 'GET']);
});

test('without a token it is a 401, with one the handler knows who asks', async (t) => {
  const { ask } = await serve(t);
  const stranger = await ask('/api/me');
  assert.deepEqual([stranger.status, stranger.body['code']], [401, 'token_invalid']);
  assert.equal(stranger.headers.get('www-authenticate'), 'Bearer');
  const ann = await ask('/api/me', { headers: { authorization: 'Bearer ann' } });
  assert.deepEqual(ann.body, { said: 'ann' });
});

test('only the roles named may ask, and that is settled before the body is looked at', async (t) => {
  const { post } = await serve(t);
  const student = await post('/api/staff', '{malformed', { authorization: 'Bearer ann' });
  assert.deepEqual([student.status, student.body['code']], [403, 'role_not_allowed']);
  const admin = await post('/api/staff', {}, { authorization: 'Bearer eve', 'idempotency-key': 'k' });
  assert.deepEqual(admin.body, { said: 'admin' });
});

test('the idempotency key is passed on, asked for where it is required, and bounded', async (t) => {
  const { post } = await serve(t);
  const eve = { authorization: 'Bearer eve' };
  const given = await post('/api/things/1/words', { word: 'a' }, { 'idempotency-key': 'abc-1' });
  assert.deepEqual(given.body, { said: '1 a abc-1' });
  const missing = await post('/api/staff', {}, eve);
  assert.deepEqual([missing.status, missing.body['code']], [400, 'idempotency_key_missing']);
  const long = await post('/api/staff', {}, { ...eve, 'idempotency-key': 'k'.repeat(129) });
  assert.deepEqual([long.status, long.body['code']], [400, 'idempotency_key_invalid']);
});

test('an unforeseen error tells nothing of itself', async (t) => {
  const { ask } = await serve(t);
  const { status, body } = await ask('/api/fails');
  assert.deepEqual([status, body['code']], [500, 'internal']);
  assert.doesNotMatch(JSON.stringify(body), /hunter2/);
});

test('a database that is away is a 503', async (t) => {
  const { ask } = await serve(t);
  const { status, body } = await ask('/api/unreachable');
  assert.deepEqual([status, body['code']], [503, 'database_unavailable']);
});

test('how long to wait stands in Retry-After, in whole seconds', async (t) => {
  const { ask } = await serve(t);
  const { status, headers } = await ask('/api/slow-down');
  assert.deepEqual([status, headers.get('retry-after')], [429, '2']);
});

test('a field that the answer did not declare is refused where answers are checked', async (t) => {
  const { ask } = await serve(t);
  const { status, body } = await ask('/api/leaks');
  assert.deepEqual([status, body['code']], [500, 'answer_invalid']);
  assert.doesNotMatch(JSON.stringify(body), /secret/);
});

test('an address that asks too often is a 429', async (t) => {
  const { ask } = await serve(t, { limitAddress: createAddressLimit({ requests: 2, perSeconds: 60 }) });
  const codes = [];
  for (let i = 0; i < 3; i++) codes.push((await ask('/api/me')).status);
  assert.deepEqual(codes, [401, 401, 429]);
});

test('metrics count by template, not by address', async (t) => {
  const { ask, post } = await serve(t);
  await post('/api/things/12345/words', { word: 'a' });
  await ask('/api/some/nonsense');
  const text = String((await ask('/metrics')).body['text']);
  const line = /http_request_duration_seconds_count\{.*\} 1/.exec(text)?.[0] ?? '';
  for (const label of ['method="POST"', 'route="/api/things/{id}/words"', 'status="201"'])
    assert.ok(line.includes(label));
  assert.doesNotMatch(text, /12345|nonsense/);
});

test('readiness asks every part and names those that are not ready', async (t) => {
  const state = { up: true };
  const readiness = {
    database: async () => {},
    queue: async () => {
      if (!state.up) throw new Error('redis://:hunter2@host');
    },
  };
  const { ask } = await serve(t, { readiness });
  assert.equal((await ask('/healthz')).status, 200);
  assert.equal((await ask('/readyz')).status, 200);
  state.up = false;
  const { status, body } = await ask('/readyz');
  assert.equal(status, 503);
  assert.deepEqual(body, { status: 'not_ready', checks: { database: 'ok', queue: 'failed' } });
});

test('the page is served for its own addresses, with hashed files kept for good', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'ailingva-page-'));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(path.join(root, 'assets'));
  await writeFile(path.join(root, 'index.html'), '<!doctype html><title>AIlingva</title>');
  await writeFile(path.join(root, 'assets/index-abc123.js'), `export {};\n${'// '.repeat(1_000)}`);
  const { ask } = await serve(t, { pageRoot: root });
  for (const address of ['/', '/calls/1']) {
    const page = await ask(address, { headers: { accept: 'text/html' } });
    assert.match(String(page.body['text']), /<title>AIlingva/);
    assert.equal(page.headers.get('cache-control'), 'no-cache');
  }
  const script = await ask('/assets/index-abc123.js');
  assert.match(script.headers.get('cache-control') ?? '', /immutable/);
  assert.match(script.headers.get('content-encoding') ?? '', /^(br|gzip)$/);
  for (const address of ['/assets/missing.js', '/favicon.ico', '/api/nothing', '/%2e%2e/package.json']) {
    assert.equal((await ask(address, { headers: { accept: 'text/html' } })).status, 404, address);
  }
});

test('a page that was not built says so', async (t) => {
  const { ask } = await serve(t, { pageRoot: '/nowhere' });
  const { status, body } = await ask('/', { headers: { accept: 'text/html' } });
  assert.deepEqual([status, body['code']], [503, 'page_not_built']);
});

test('the browser is told to run nothing but ours', async (t) => {
  const { ask } = await serve(t);
  const { headers } = await ask('/healthz');
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /connect-src 'self' wss:\/\/ailingva\.example/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.match(headers.get('permissions-policy') ?? '', /microphone=\(self\)/);
  assert.match(headers.get('strict-transport-security') ?? '', /max-age/);
  assert.equal(headers.get('x-powered-by'), null);
});

test('a port that is taken is told by its number and its variable', async (t) => {
  const first = await listen({ app: () => {}, host: '127.0.0.1', port: 0 });
  t.after(() => first.close());
  await assert.rejects(listen({ app: () => {}, host: '127.0.0.1', port: first.port }), {
    code: 'port_taken',
    message: new RegExp(`${first.port}.*PORT`),
  });
});
