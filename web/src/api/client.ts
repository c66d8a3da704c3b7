import { ApiError, readProblem } from './api-error.ts';
import type { Balance, CallDetail, CallPage, Language, Level, PlacedCall, SignedIn, User } from './types.ts';

export interface ApiClient {
  readonly register: (request: {
    email: string;
    password: string;
    name?: string;
    referral_code?: string;
  }) => Promise<SignedIn>;
  readonly login: (request: { email: string; password: string }) => Promise<SignedIn>;
  readonly me: () => Promise<User>;
  readonly updateMe: (changes: { name?: string; language?: Language; level?: Level }) => Promise<User>;
  readonly balance: (cursor?: string) => Promise<Balance>;
  /** `idempotencyKey` makes a repeated press open one call. */
  readonly startCall: (request: { language: Language; level: Level }, idempotencyKey: string) => Promise<PlacedCall>;
  /** Where a call under way is to be joined: it may have moved to another media node. */
  readonly replaceCall: (id: string) => Promise<PlacedCall>;
  readonly calls: (cursor?: string) => Promise<CallPage>;
  readonly call: (id: string) => Promise<CallDetail>;
}

export interface ApiClientOptions {
  readonly fetch: typeof fetch;
  readonly readToken: () => string | undefined;
  /** The token is no longer good: the learner must sign in again. */
  readonly onUnauthenticated: () => void;
}

const TIMEOUT_MS = 15_000;

/** The page's one way to the API. Every method throws `ApiError`. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  async function request<Answer>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    extra: { body?: unknown; idempotencyKey?: string; signedIn?: boolean } = {},
  ): Promise<Answer> {
    const headers: Record<string, string> = { accept: 'application/json' };
    const token = options.readToken();
    const signedIn = extra.signedIn ?? true;
    if (signedIn && token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (extra.idempotencyKey !== undefined) headers['idempotency-key'] = extra.idempotencyKey;
    if (extra.body !== undefined) headers['content-type'] = 'application/json';

    let response: Response;
    try {
      response = await options.fetch(path, {
        method,
        headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(extra.body === undefined ? {} : { body: JSON.stringify(extra.body) }),
      });
    } catch (cause) {
      const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError';
      throw new ApiError({ code: timedOut ? 'timed_out' : 'network', status: 0, message: 'No answer', cause });
    }

    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && body !== undefined) return body as Answer;
    const error = response.ok
      ? new ApiError({ code: 'bad_answer', status: response.status, message: 'Not an answer of the API' })
      : readProblem(response.status, response.headers.get('retry-after'), body);
    if (signedIn && error.status === 401) options.onUnauthenticated();
    throw error;
  }

  return {
    register: (body) => request('POST', '/api/auth/register', { body, signedIn: false }),
    login: (body) => request('POST', '/api/auth/login', { body, signedIn: false }),
    me: () => request('GET', '/api/me'),
    updateMe: (body) => request('PUT', '/api/me', { body }),
    balance: (cursor) => request('GET', page('/api/billing/balance', cursor)),
    startCall: (body, idempotencyKey) => request('POST', '/api/calls', { body, idempotencyKey }),
    replaceCall: (id) => request('POST', `/api/calls/${encodeURIComponent(id)}/place`),
    calls: (cursor) => request('GET', page('/api/calls', cursor)),
    call: (id) => request('GET', `/api/calls/${encodeURIComponent(id)}`),
  };
}

const page = (path: string, cursor: string | undefined): string =>
  cursor === undefined ? path : `${path}?cursor=${encodeURIComponent(cursor)}`;
