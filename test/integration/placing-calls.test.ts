import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createAccounts } from '../../src/accounts/index.ts';
import { createBilling } from '../../src/billing/index.ts';
import { callRoutes, createCallStore, MediaNodes, Placement } from '../../src/media/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createHttpApp, listen } from '../../src/platform/http.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { describeApi } from '../../src/platform/openapi.ts';
import { createTestDatabase } from '../../src/testing/test-database.ts';

/** Accounts, billing and calls joined as the web process joins them, spoken to over HTTP. */
async function setUp(t: TestContext) {
  const { knex } = await createTestDatabase(t);
  const log = createSilentLogger();
  const billing = createBilling({ knex, log });
  const accounts = createAccounts({
    knex,
    log,
    clock: systemClock,
    tokenSecret: 'a secret of at least thirty-two bytes',
    onRegistered: billing.onRegistered,
    passwords: { cost: { logN: 10, r: 8, p: 1 } },
  });
  const nodes = new MediaNodes(knex);
  const placement = new Placement({ knex, nodes, opening: billing });
  const placing = { meanwhile: async (_userId: string): Promise<unknown> => undefined };
  const calls = callRoutes({
    knex,
    placement,
    languages: async () => ['en'],
    async preferences(userId) {
      await placing.meanwhile(userId);
      return accounts.me(userId);
    },
    charges: billing.charges,
    issueToken: accounts.callTokens.issue,
  });
  const routes = [...accounts.routes, ...billing.routes, ...calls];
  const server = await listen({
    app: createHttpApp({
      routes,
      authenticator: accounts.authenticator,
      log,
      metrics: createMetrics('test'),
      publicUrl: 'http://localhost',
      checkAnswers: true,
    }),
    host: '127.0.0.1',
    port: 0,
  });
  t.after(() => server.close());

  const ask = async (method: string, path: string, options: { token?: string; body?: unknown } = {}) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : (JSON.parse(text) as Record<string, never>),
    };
  };
  const register = async (email: string): Promise<string> => {
    const { status, body } = await ask('POST', '/api/auth/register', {
      body: { email, password: 'correct horse battery' },
    });
    assert.equal(status, 201);
    return body?.['token'] ?? '';
  };
  const enterNode = () =>
    nodes.register({ id: 'one', url: 'http://127.0.0.1:1', publicPath: '/rtc/one/socket.io', capacity: 10 });
  return {
    ask,
    register,
    enterNode,
    placing,
    knex,
    billing,
    accounts,
    routes,
    store: createCallStore({ knex, nodeId: 'one' }),
  };
}

describe('a learner over HTTP', () => {
  it('registers, calls, is charged and finds the call in the history', async (t) => {
    const { ask, register, enterNode, billing, accounts, store } = await setUp(t);
    await enterNode();
    const token = await register('ann@example.com');
    const { body: me } = await ask('GET', '/api/me', { token });
    assert.equal(me?.['minutes_balance'], 60);

    const placed = await ask('POST', '/api/calls', { token, body: { level: 'advanced' } });
    assert.equal(placed.status, 201);
    const {
      call_id: callId,
      signaling,
      token: callToken,
    } = placed.body as unknown as {
      call_id: string;
      signaling: { path: string };
      token: string;
    };
    assert.equal(signaling.path, '/rtc/one/socket.io');
    const pass = await accounts.callTokens.verify(callToken);
    assert.deepEqual(pass, { callId, userId: me?.['id'], nodeId: 'one' });
    assert.equal((await ask('GET', '/api/me', { token: callToken })).body?.['code'], 'token_invalid');

    const { body: held } = await ask('GET', '/api/billing/balance', { token });
    assert.equal(held?.['minutes_held'], 2);
    assert.equal(held?.['minutes_available'], 58);

    await store.markLive(callId);
    await store.saveTurn(callId, {
      ordinal: 0,
      speaker: 'tutor',
      text: 'Hello!',
      heardText: 'Hello!',
      interrupted: false,
      words: undefined,
      engines: {},
      startedAtMs: 0,
      durationMs: 700,
      stages: { reply: 120 },
    });
    await billing.meter.beat(callId, 60_000);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_500 });
    await billing.close();

    const { body: balance } = await ask('GET', '/api/billing/balance', { token });
    assert.equal(balance?.['minutes_balance'], 58);
    const transactions = balance?.['transactions'] as unknown as { type: string; minutes_delta: number }[];
    assert.deepEqual(
      transactions.map(({ type, minutes_delta }) => [type, minutes_delta]),
      [
        ['usage', -2],
        ['trial', 60],
      ],
    );
    const { body: call } = await ask('GET', `/api/calls/${callId}`, { token });
    assert.equal(call?.['duration_sec'], 61);
    assert.equal(call?.['billed_minutes'], 2);
    assert.equal(call?.['end_reason'], 'hang_up');
    assert.equal(call?.['level'], 'advanced');
    const turns = call?.['turns'] as unknown as { text: string }[];
    assert.deepEqual(
      turns.map(({ text }) => text),
      ['Hello!'],
    );
    assert.equal((await ask('POST', `/api/calls/${callId}/place`, { token })).body?.['code'], 'call_ended');
  });

  it('pages through calls and through the ledger without losing or repeating any', async (t) => {
    const { ask, register, enterNode, billing, store } = await setUp(t);
    await enterNode();
    const token = await register('ann@example.com');
    const placed: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { body } = await ask('POST', '/api/calls', { token, body: {} });
      const callId: string = body?.['call_id'] ?? '';
      await store.markLive(callId);
      await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 1000 });
      await billing.finalizeCall(callId);
      placed.unshift(callId);
    }
    const pageThrough = async (path: string, list: string, id: string): Promise<string[]> => {
      const found: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const answer = await ask('GET', `${path}?limit=2${cursor && `&cursor=${cursor}`}`, { token });
        assert.equal(answer.status, 200);
        const body = answer.body as unknown as Record<string, Record<string, string>[]> & {
          next_cursor: string | null;
        };
        found.push(...(body[list] ?? []).map((each) => each[id] ?? ''));
        cursor = body.next_cursor;
      }
      return found;
    };
    assert.deepEqual(await pageThrough('/api/calls', 'calls', 'call_id'), placed);
    const ledger = await pageThrough('/api/billing/balance', 'transactions', 'id');
    assert.equal(ledger.length, 6);
    assert.equal(new Set(ledger).size, 6);
  });

  it('finds no call of a stranger', async (t) => {
    const { ask, register, enterNode } = await setUp(t);
    await enterNode();
    const { body } = await ask('POST', '/api/calls', { token: await register('ann@example.com') });
    const callId: string = body?.['call_id'] ?? '';
    const token = await register('eve@example.com');
    for (const id of [callId, '01890a5d-ac96-774b-bcce-b302099a8057', 'x', '1%20OR%201=1']) {
      for (const [method, path] of [
        ['GET', `/api/calls/${id}`],
        ['POST', `/api/calls/${id}/place`],
      ] as const) {
        const answer = await ask(method, path, { token });
        assert.equal(answer.status, 404);
        assert.equal(answer.body?.['code'], 'call_not_found');
      }
    }
    assert.deepEqual((await ask('GET', '/api/calls', { token })).body?.['calls'], []);
  });

  it('is told what is wrong, with a code', async (t) => {
    const { ask, register, enterNode, knex } = await setUp(t);
    const token = await register('ann@example.com');
    const code = async (method: string, path: string, options: { token?: string; body?: unknown } = {}) => {
      const { status, body } = await ask(method, path, options);
      return [status, body?.['code']];
    };
    const login = { email: 'ann@example.com', password: 'wrong password' };
    assert.deepEqual(await code('GET', '/api/calls'), [401, 'token_missing']);
    assert.deepEqual(await code('GET', '/api/me', { token: 'abc' }), [401, 'token_invalid']);
    assert.deepEqual(await code('POST', '/api/auth/login', { body: login }), [401, 'credentials_invalid']);
    assert.deepEqual(await code('POST', '/api/auth/register', { body: { ...login, email: 'x' } }), [
      400,
      'request_invalid',
    ]);
    assert.deepEqual(await code('POST', '/api/auth/register', { body: login }), [409, 'email_taken']);
    assert.deepEqual(await code('PUT', '/api/me', { token, body: { role: 'admin' } }), [400, 'request_invalid']);
    assert.deepEqual(await code('POST', '/api/calls', { token, body: {} }), [503, 'no_media_node']);
    assert.deepEqual(await code('POST', '/api/calls', { token, body: { language: 'xx' } }), [400, 'request_invalid']);
    assert.deepEqual(await code('POST', '/api/calls', { token, body: { language: 'ru' } }), [
      400,
      'language_unsupported',
    ]);
    assert.deepEqual(await code('GET', '/api/calls?cursor=x', { token }), [400, 'request_invalid']);
    assert.deepEqual(await code('GET', '/api/calls?limit=1000', { token }), [400, 'request_invalid']);
    await enterNode();
    assert.deepEqual(await code('POST', '/api/calls', { token, body: { engine: 'openai' } }), [
      403,
      'engine_not_yours',
    ]);
    assert.deepEqual(await code('POST', '/api/calls', { token }), [201, undefined]);
    await knex('user_accounts').update({ role: 'support' });
    assert.deepEqual(await code('POST', '/api/calls', { token, body: { engine: 'openai' } }), [201, undefined]);
    assert.deepEqual((await knex('calls').orderBy('id', 'desc').first('engines')).engines, { asked: 'openai' });
    assert.deepEqual(await code('POST', '/api/calls', { token }), [409, 'too_many_calls']);
    assert.deepEqual(await code('POST', '/api/auth/logout-everywhere', { token }), [204, undefined]);
    assert.deepEqual(await code('GET', '/api/me', { token }), [401, 'token_invalid']);

    await knex('settings').insert({ key: 'billing.trial_minutes', value: '0' });
    const poor = await register('bob@example.com');
    assert.deepEqual(await code('POST', '/api/calls', { token: poor }), [402, 'no_minutes']);
  });

  it('gets no way into a call that they place while they are signed out everywhere', async (t) => {
    const { ask, register, enterNode, placing, accounts } = await setUp(t);
    await enterNode();
    const token = await register('ann@example.com');
    placing.meanwhile = (userId) => accounts.logoutEverywhere(userId);
    const { status, body } = await ask('POST', '/api/calls', { token });
    assert.deepEqual([status, body?.['code']], [401, 'token_invalid']);
  });

  it('is told to wait after too many failed logins', async (t) => {
    const { ask, register } = await setUp(t);
    await register('ann@example.com');
    const body = { email: 'ann@example.com', password: 'wrong password' };
    for (let n = 0; n < 5; n += 1) await ask('POST', '/api/auth/login', { body });
    const { status, headers, body: problem } = await ask('POST', '/api/auth/login', { body });
    assert.equal(status, 429);
    assert.equal(problem?.['code'], 'too_many_logins');
    assert.ok(Number(headers.get('retry-after')) > 0);
  });

  it('finds every route described, with its fields', async (t) => {
    const { routes } = await setUp(t);
    const description = JSON.stringify(describeApi({ title: 'AIlingva', version: '1', routes }));
    for (const { path } of routes) assert.ok(description.includes(`"${path}"`), path);
    for (const field of ['minutes_available', 'signaling', 'heard_text', 'next_cursor', 'password']) {
      assert.ok(description.includes(`"${field}"`), field);
    }
  });
});
