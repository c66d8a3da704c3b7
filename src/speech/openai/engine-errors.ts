import { APIConnectionTimeoutError, APIError } from 'openai';

import { EngineError, type EngineErrorCode } from '../engine.ts';

export const ENGINE_NAME = 'openai';

export function engineError(
  code: EngineErrorCode,
  message: string,
  {
    retryable = true,
    ...rest
  }: Partial<Pick<EngineError, 'retryable' | 'retryAfterMs' | 'aboutRequest' | 'cause'>> = {},
): EngineError {
  return new EngineError({ engine: ENGINE_NAME, code, message, retryable, ...rest });
}

/** The same failure of an engine by another name, which speaks the same protocol. */
export function namedAfter(engine: string, error: EngineError): EngineError {
  if (error.engine === engine) return error;
  const { code, message, retryable, retryAfterMs, aboutRequest, cause } = error;
  return new EngineError({
    engine,
    code: code as EngineErrorCode,
    message: message.replace(/^OpenAI/, 'The model'),
    retryable,
    retryAfterMs,
    aboutRequest,
    cause,
  });
}

/** What the vendor says of a failure, in an HTTP answer or in an event. */
export interface VendorFailure {
  readonly status?: number | undefined;
  readonly code?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly retryAfterMs?: number | undefined;
}

const KEY_CODES: ReadonlySet<string> = new Set(['invalid_api_key', 'account_deactivated', 'ip_not_authorized']);
const QUOTA_CODES: ReadonlySet<string> = new Set(['insufficient_quota', 'billing_hard_limit_reached']);

/**
 * What a failure means for the next attempt. A used-up quota is used up for this engine, not for another one; a rate limit
 * passes by itself. https://developers.openai.com/api/docs/guides/error-codes
 */
export function errorOfFailure({ status, code, type, retryAfterMs }: VendorFailure, cause?: unknown): EngineError {
  const named = code ?? type ?? '';
  if (status === 401 || KEY_CODES.has(named)) {
    return engineError('engine_rejected', 'OpenAI does not accept the key.', { retryable: false, cause });
  }
  if (status === 403) {
    return engineError('engine_rejected', 'OpenAI does not allow this with this key.', { retryable: false, cause });
  }
  if (QUOTA_CODES.has(named) || type === 'insufficient_quota') {
    return engineError('engine_quota_exceeded', "OpenAI's quota is used up.", { cause });
  }
  if (status === 429 || named.startsWith('rate_limit')) {
    return engineError('engine_unavailable', 'OpenAI takes no more requests for now.', { retryAfterMs, cause });
  }
  if (status === 408) return engineError('engine_timed_out', 'OpenAI took too long.', { cause });
  if ((status !== undefined && status >= 500) || type === 'server_error' || named === 'server_error') {
    return engineError('engine_unavailable', 'OpenAI has a failure of its own.', { retryAfterMs, cause });
  }
  if ((status !== undefined && status >= 400) || type === 'invalid_request_error') {
    // 404: no such model.
    const aboutRequest = status !== 404 && code !== 'model_not_found';
    return engineError('engine_rejected', 'OpenAI refused the request.', { retryable: false, aboutRequest, cause });
  }
  return engineError('engine_failed', 'OpenAI broke off.', { cause });
}

/** Of what the SDK throws. */
export function errorOfRequest(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  if (thrown instanceof APIConnectionTimeoutError) {
    return engineError('engine_timed_out', 'OpenAI took too long.', { cause: withoutBody(thrown) });
  }
  if (thrown instanceof APIError && (thrown.status !== undefined || thrown.code || thrown.type)) {
    const { status, code, type, headers } = thrown;
    const retryAfterMs = readRetryAfter((name) => headers?.get(name));
    return errorOfFailure({ status, code, type, retryAfterMs }, withoutBody(thrown));
  }
  if (thrown instanceof APIError) {
    return engineError('engine_unavailable', 'OpenAI cannot be reached.', { cause: withoutBody(thrown) });
  }
  return engineError('engine_failed', 'OpenAI broke off, or said something unreadable.', {
    cause: withoutBody(thrown),
  });
}

/**
 * When a refused request may be made again, from now. The vendor's own header is in milliseconds; the common one in seconds,
 * or a date (RFC 9110, 10.2.3).
 */
export function readRetryAfter(header: (name: string) => string | null | undefined): number | undefined {
  const ms = Number.parseFloat(header('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const after = header('retry-after') ?? '';
  if (after === '') return undefined;
  const fromNowMs = /^\d/.test(after) ? Number.parseFloat(after) * 1_000 : Date.parse(after) - Date.now();
  return Number.isFinite(fromNowMs) ? Math.max(0, fromNowMs) : undefined;
}

/** A refusal may quote what was asked, and an answer that does not parse is quoted by the parser: neither may reach the log. */
function withoutBody(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error('Not an error');
  const { status, code, type, requestID } = thrown as Partial<APIError>;
  const known = { name: thrown.constructor.name, status, code, type, requestId: requestID };
  const parts = Object.entries(known).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [`${name}=${String(value).slice(0, 80)}`],
  );
  const { cause } = thrown;
  const below = cause instanceof Error && 'code' in cause ? ` cause=${String(cause.code)}` : '';
  return new Error(`${parts.join(' ')}${below}`);
}
