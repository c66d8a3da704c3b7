import { ApiError, readProblem } from './api-error.ts';
import type {
  Balance,
  CallDetail,
  CallPage,
  Deposit,
  Invitations,
  Language,
  Level,
  Package,
  PlacedCall,
  Quote,
  RecordingTerms,
  SignedIn,
  StatementPeriod,
  User,
  Welcome,
} from './types.ts';

export interface ApiClient {
  readonly register: (request: {
    email: string;
    password: string;
    name?: string;
    referral_code?: string;
    /** The language that letters are written in. */
    interface_language?: 'en' | 'ru';
  }) => Promise<SignedIn>;
  readonly login: (request: { email: string; password: string }) => Promise<SignedIn>;
  /** With the token of a letter's link; signs nobody in. */
  readonly confirmEmail: (token: string) => Promise<void>;
  readonly sendConfirmation: () => Promise<void>;
  /** Sends a link to a new password, if the address has an account; the answer does not tell. */
  readonly forgotPassword: (email: string) => Promise<void>;
  /** Whether the token of that link is still good; uses nothing up. */
  readonly checkReset: (token: string) => Promise<void>;
  /** With the same token; every device is signed out. */
  readonly resetPassword: (request: { token: string; password: string }) => Promise<void>;
  readonly me: () => Promise<User>;
  readonly updateMe: (changes: { name?: string; language?: Language; level?: Level }) => Promise<User>;
  /** For good. `minutes_given_up`: the balance as the learner was shown it. */
  readonly deleteMe: (consent: { password: string; minutes_given_up: number }) => Promise<void>;
  readonly balance: (cursor?: string) => Promise<Balance>;
  readonly packages: () => Promise<readonly Package[]>;
  readonly quote: (amountRub: number, signal?: AbortSignal) => Promise<Quote>;
  /** `idempotencyKey` makes a repeated press begin one payment. */
  readonly deposit: (amountRub: number, idempotencyKey: string) => Promise<Deposit>;
  readonly readDeposit: (id: string, signal?: AbortSignal) => Promise<Deposit>;
  /** What somebody without an account may be promised. */
  readonly welcome: () => Promise<Welcome>;
  readonly invitations: () => Promise<Invitations>;
  /** CSV. */
  readonly statement: (period: StatementPeriod) => Promise<Blob>;
  /** `idempotencyKey` makes a repeated press open one call. */
  readonly startCall: (
    request: { language: Language; level: Level; recording_consent?: boolean },
    idempotencyKey: string,
  ) => Promise<PlacedCall>;
  /** Whether calls can be recorded, and for how long that is kept. */
  readonly recordingTerms: () => Promise<RecordingTerms>;
  /** Where a call under way is to be joined: it may have moved to another media node. */
  readonly replaceCall: (id: string) => Promise<PlacedCall>;
  readonly calls: (cursor?: string) => Promise<CallPage>;
  readonly call: (id: string) => Promise<CallDetail>;
  /** Whether the server gives a recording out, by its first byte; throws what it says otherwise. */
  readonly tryRecording: (url: string, signal?: AbortSignal) => Promise<void>;
}

export interface ApiClientOptions {
  readonly fetch: typeof fetch;
  readonly readToken: () => string | undefined;
  /** The token is no longer good: the learner must sign in again. */
  readonly onUnauthenticated: () => void;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const TIMEOUT_MS = 15_000;

/** The page's one way to the API. Every method throws `ApiError`. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  interface Extra {
    readonly body?: unknown;
    readonly idempotencyKey?: string;
    readonly signedIn?: boolean;
    readonly accept?: string;
    /** As in RFC 9110: `bytes=0-0`. */
    readonly range?: string;
    readonly signal?: AbortSignal | undefined;
  }

  /** Whatever the server answers with a good status; throws for every other. */
  async function send(method: Method, path: string, extra: Extra): Promise<Response> {
    const headers: Record<string, string> = { accept: extra.accept ?? 'application/json' };
    const token = options.readToken();
    const signedIn = extra.signedIn ?? true;
    if (signedIn && token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (extra.idempotencyKey !== undefined) headers['idempotency-key'] = extra.idempotencyKey;
    if (extra.range !== undefined) headers['range'] = extra.range;
    if (extra.body !== undefined) headers['content-type'] = 'application/json';

    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    let response: Response;
    try {
      response = await options.fetch(path, {
        method,
        headers,
        signal: extra.signal ? AbortSignal.any([extra.signal, deadline]) : deadline,
        ...(extra.body === undefined ? {} : { body: JSON.stringify(extra.body) }),
      });
    } catch (cause) {
      throw silence(cause);
    }
    if (response.ok) return response;
    const problem: unknown = await response.json().catch(() => undefined);
    const error = readProblem(response.status, response.headers.get('retry-after'), problem);
    // Of the token that was sent: another one may be in use by now.
    if (signedIn && error.status === 401 && token === options.readToken()) options.onUnauthenticated();
    throw error;
  }

  async function request<Answer>(method: Method, path: string, extra: Extra = {}): Promise<Answer> {
    const response = await send(method, path, extra);
    try {
      return (await response.json()) as Answer;
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw silence(cause);
      throw new ApiError({ code: 'bad_answer', status: response.status, message: 'Not an answer of the API', cause });
    }
  }

  /** For what is answered without a body. */
  async function tell(path: string, extra: Extra = {}, method: Method = 'POST'): Promise<void> {
    await send(method, path, extra);
  }

  return {
    register: (body) => request('POST', '/api/auth/register', { body, signedIn: false }),
    login: (body) => request('POST', '/api/auth/login', { body, signedIn: false }),
    confirmEmail: (token) => tell('/api/auth/confirm', { body: { token }, signedIn: false }),
    sendConfirmation: () => tell('/api/auth/confirmation'),
    forgotPassword: (email) => tell('/api/auth/password/forgot', { body: { email }, signedIn: false }),
    checkReset: (token) => tell('/api/auth/password/reset/check', { body: { token }, signedIn: false }),
    resetPassword: (body) => tell('/api/auth/password/reset', { body, signedIn: false }),
    me: () => request('GET', '/api/me'),
    updateMe: (body) => request('PUT', '/api/me', { body }),
    deleteMe: (body) => tell('/api/me', { body }, 'DELETE'),
    balance: (cursor) => request('GET', page('/api/billing/balance', cursor)),
    packages: () => request('GET', '/api/billing/packages'),
    quote: (amountRub, signal) => request('POST', '/api/billing/quote', { body: { amount_rub: amountRub }, signal }),
    deposit: (amountRub, idempotencyKey) =>
      request('POST', '/api/billing/deposits', { body: { amount_rub: amountRub }, idempotencyKey }),
    readDeposit: (id, signal) => request('GET', `/api/billing/deposits/${encodeURIComponent(id)}`, { signal }),
    welcome: () => request('GET', '/api/billing/welcome', { signedIn: false }),
    invitations: () => request('GET', '/api/billing/referral'),
    async statement(period) {
      const query = new URLSearchParams({ ...period });
      const response = await send('GET', `/api/billing/statement?${query}`, { accept: 'text/csv' });
      return response.blob().catch((cause: unknown) => Promise.reject(silence(cause)));
    },
    startCall: (body, idempotencyKey) => request('POST', '/api/calls', { body, idempotencyKey }),
    recordingTerms: () => request('GET', '/api/recording-terms'),
    replaceCall: (id) => request('POST', `/api/calls/${encodeURIComponent(id)}/place`),
    calls: (cursor) => request('GET', page('/api/calls', cursor)),
    call: (id) => request('GET', `/api/calls/${encodeURIComponent(id)}`),
    tryRecording: (url, signal) =>
      tell(url, { accept: 'audio/ogg', range: 'bytes=0-0', signedIn: false, signal }, 'GET'),
  };
}

const page = (path: string, cursor: string | undefined): string =>
  cursor === undefined ? path : `${path}?cursor=${encodeURIComponent(cursor)}`;

/** No answer, or one that broke off: by the caller's own signal, our deadline, or the network. */
function silence(cause: unknown): ApiError {
  const name = cause instanceof DOMException ? cause.name : '';
  const code = name === 'AbortError' ? 'aborted' : name === 'TimeoutError' ? 'timed_out' : 'network';
  return new ApiError({ code, status: 0, message: 'No answer', cause });
}
