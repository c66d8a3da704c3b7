import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from './api-error.ts';
import { createApiClient } from './client.ts';

interface Sent {
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

function client(answer: () => Response | Promise<Response>, readToken = () => 'secret') {
  const sent: Sent[] = [];
  let expired = 0;
  const api = createApiClient({
    fetch: async (input, init) => {
      sent.push({
        path: input instanceof Request ? input.url : input.toString(),
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
      });
      return answer();
    },
    readToken,
    onUnauthenticated: () => {
      expired += 1;
    },
  });
  return { api, sent, expired: () => expired };
}

const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  Response.json({ code, detail: 'words' }, { status, headers });

test('a call is asked for with the token and the idempotency key', async () => {
  const { api, sent } = client(() => Response.json({ call_id: 'c' }, { status: 201 }));
  await api.startCall({ language: 'en', level: 'beginner' }, 'key-1');
  assert.equal(sent[0]?.path, '/api/calls');
  assert.equal(sent[0]?.headers.get('authorization'), 'Bearer secret');
  assert.equal(sent[0]?.headers.get('idempotency-key'), 'key-1');
  assert.deepEqual(sent[0]?.body, { language: 'en', level: 'beginner' });
});

test('problem details become an error with the code and the time to wait', async () => {
  const { api } = client(() => problem(429, 'too_many_logins', { 'retry-after': '12' }));
  await assert.rejects(api.me(), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.code, error.status, error.retryAfterSec], ['too_many_logins', 429, 12]);
    return true;
  });
});

test('a refused token ends the session, a refused password does not', async () => {
  const { api, expired, sent } = client(() => problem(401, 'credentials_invalid'));
  await assert.rejects(api.login({ email: 'a@b.c', password: 'x' }));
  assert.equal(expired(), 0);
  assert.equal(sent[0]?.headers.has('authorization'), false);
  await assert.rejects(api.me());
  assert.equal(expired(), 1);
});

test('a token that was refused ends no session that began meanwhile', async () => {
  const tokens = ['old', 'new'];
  const { api, expired } = client(
    () => problem(401, 'token_expired'),
    () => tokens.shift() ?? 'new',
  );
  await assert.rejects(api.me());
  assert.equal(expired(), 0);
});

const codeOf = (answer: () => Response | Promise<Response>): Promise<string> =>
  client(answer)
    .api.me()
    .then(
      () => 'none',
      (error: ApiError) => error.code,
    );

test('no answer, and an answer that is not ours, have codes of the page’s own', async () => {
  assert.equal(await codeOf(() => Promise.reject(new TypeError('failed'))), 'network');
  assert.equal(await codeOf(() => Promise.reject(new DOMException('', 'TimeoutError'))), 'timed_out');
  assert.equal(await codeOf(() => new Response('<html>', { status: 200 })), 'bad_answer');
  assert.equal(await codeOf(() => new Response(brokenOff(), { status: 200 })), 'network');
  assert.equal(await codeOf(() => new Response('<html>', { status: 502 })), 'internal');
});

/** The network goes in the middle of the answer. */
function brokenOff(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('{"id":'));
      controller.error(new TypeError('terminated'));
    },
  });
}

test('a cursor is escaped', async () => {
  const { api, sent } = client(() => Response.json({ calls: [], next_cursor: null }));
  await api.calls('a&b');
  assert.equal(sent[0]?.path, '/api/calls?cursor=a%26b');
});

test('a request that is given up is told apart from a network that is gone', async () => {
  const given = new AbortController();
  const { api } = client(() => Promise.reject(new DOMException('', 'AbortError')));
  await assert.rejects(api.quote(300, given.signal), { code: 'aborted' });
});

test('what the server says beside the code is kept: the page names the limits', async () => {
  const { api } = client(() =>
    Response.json({ code: 'amount_too_small', detail: '', min_amount_rub: 10 }, { status: 400 }),
  );
  await assert.rejects(api.quote(1), (error: ApiError) => error.details['min_amount_rub'] === 10);
});

test('an answer without a body is an answer', async () => {
  const { api, sent } = client(() => new Response(null, { status: 204 }));
  await api.confirmEmail('token');
  assert.deepEqual(sent[0]?.body, { token: 'token' });
  assert.equal(sent[0]?.headers.has('authorization'), false);
  await api.sendConfirmation();
  assert.equal(sent[1]?.headers.get('authorization'), 'Bearer secret');
});
