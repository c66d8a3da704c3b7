import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { paymentRefused, providerUnavailable } from './provider.ts';

export interface YookassaAccess {
  readonly shopId: string;
  readonly secretKey: string;
  /** Default: https://api.yookassa.ru/v3 */
  readonly apiUrl: string;
}

export interface RetryPolicy {
  readonly attempts: number;
  /** For one attempt. */
  readonly timeoutMs: number;
  /** Before the second attempt; doubled before each further one. */
  readonly pauseMs: number;
  /** For all of them. */
  readonly deadlineMs: number;
}

export const DEFAULT_RETRIES: RetryPolicy = { attempts: 3, timeoutMs: 8_000, pauseMs: 300, deadlineMs: 20_000 };

export interface YookassaClientOptions {
  readonly log: Logger;
  readonly retries?: RetryPolicy;
  /** Times one attempt. */
  readonly clock?: Clock;
}

export interface YookassaRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Of every POST: YooKassa does the same work once for it, and remembers it for 24 hours. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

type Outcome =
  | { readonly type: 'answer'; readonly status: number; readonly body: unknown }
  /** Whether it was done is not known; the same request may be sent again. */
  | { readonly type: 'unknown'; readonly afterMs: number; readonly cause: unknown };

/**
 * HTTP with YooKassa: basic authentication, JSON, and the one place that sends again what got no certain answer.
 * https://yookassa.ru/developers/using-api/interaction-format, …/response-handling/http-codes
 */
export class YookassaClient {
  readonly #access: YookassaAccess;
  readonly #log: Logger;
  readonly #retries: RetryPolicy;
  readonly #clock: Clock;

  constructor(access: YookassaAccess, { log, retries = DEFAULT_RETRIES, clock = systemClock }: YookassaClientOptions) {
    this.#access = access;
    this.#log = log;
    this.#retries = retries;
    this.#clock = clock;
  }

  /**
   * The JSON of the answer; `undefined` for what is not there.
   * @throws AppError `payment_refused`, `payment_provider_unavailable`, `payment_provider_misconfigured`
   */
  async send(request: YookassaRequest): Promise<unknown> {
    const { attempts, pauseMs, deadlineMs } = this.#retries;
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
    let cause: unknown;
    for (let attempt = 1; attempt <= attempts && !signal.aborted; attempt += 1) {
      const outcome = await this.#attempt(request, signal);
      if (outcome.type === 'answer') return this.#judge(request, outcome.status, outcome.body);
      cause = outcome.cause;
      this.#log.warn({ ...describe(request), attempt, cause: describeCause(cause) }, 'YooKassa gave no certain answer');
      if (attempt === attempts || outcome.afterMs > deadlineMs) break;
      const waitMs = Math.max(outcome.afterMs, pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
      await pause(waitMs, undefined, { signal }).catch(() => {}); // the loop looks at the signal
    }
    throw providerUnavailable(cause);
  }

  async #attempt({ method, path, body, key }: YookassaRequest, signal: AbortSignal): Promise<Outcome> {
    const { shopId, secretKey, apiUrl } = this.#access;
    const late = new AbortController();
    const timer = this.#clock.after(this.#retries.timeoutMs, () => late.abort(new Error('No answer in time')));
    try {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: {
          Authorization: `Basic ${Buffer.from(`${shopId}:${secretKey}`).toString('base64')}`,
          Accept: 'application/json',
          ...(key !== undefined && { 'Idempotence-Key': key }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // Credentials go nowhere else.
        redirect: 'error',
        signal: AbortSignal.any([signal, late.signal]),
      });
      const text = await response.text();
      const { status } = response;
      // 202: it works on the request and answers the same one again when it is done.
      if (status === 202 || status === 429 || status >= 500) {
        return { type: 'unknown', afterMs: retryAfterMs(response), cause: new Error(`HTTP ${status}`) };
      }
      return { type: 'answer', status, body: parseJson(text) };
    } catch (cause) {
      return { type: 'unknown', afterMs: 0, cause };
    } finally {
      timer.cancel();
    }
  }

  #judge(request: YookassaRequest, status: number, body: unknown): unknown {
    if (status === 200) return body;
    if (status === 404 && request.method === 'GET') return undefined;
    const code = errorOf(body);
    this.#log.warn({ ...describe(request), status, ...code }, 'YooKassa refused a request');
    if (status !== 401 && status !== 403) throw paymentRefused(new Error(`HTTP ${status} ${code.provider_code ?? ''}`));
    throw new AppError({
      code: 'payment_provider_misconfigured',
      kind: 'unavailable',
      message: 'The payment provider does not accept our credentials.',
      cause: new Error(`HTTP ${status}`),
    });
  }
}

/** Ids stay out of the log: they are in our own rows. */
function describe({ method, path }: YookassaRequest): Readonly<Record<string, unknown>> {
  return { method, path: path.split('/').slice(0, 2).join('/') };
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? (cause.name === 'Error' ? cause.message : cause.name) : 'unknown';
}

/** Its codes, without its words, which may repeat what was sent. */
function errorOf(body: unknown): { readonly provider_code?: string; readonly parameter?: string } {
  const { code, parameter } = (body ?? {}) as { readonly code?: unknown; readonly parameter?: unknown };
  return {
    ...(typeof code === 'string' && { provider_code: code }),
    ...(typeof parameter === 'string' && { parameter }),
  };
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? '0');
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
