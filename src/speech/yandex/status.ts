import { status, type StatusObject } from '@grpc/grpc-js';

import { EngineError, type EngineErrorCode } from '../engine.ts';

export const ENGINE_NAME = 'yandex';

type Meaning = readonly [code: EngineErrorCode, retryable: boolean, message: string];

/**
 * What a gRPC status says about the next attempt. A wrong request or key is as wrong the next time; a quota is used up
 * for this engine, not for another one.
 * Source: https://yandex.cloud/en/docs/speechkit/concepts/support-headers and the gRPC status codes.
 */
const MEANINGS: Readonly<Partial<Record<status, Meaning>>> = {
  [status.INVALID_ARGUMENT]: ['engine_rejected', false, 'SpeechKit refused the request.'],
  [status.NOT_FOUND]: ['engine_rejected', false, 'SpeechKit does not have what was asked for.'],
  [status.FAILED_PRECONDITION]: ['engine_rejected', false, 'SpeechKit refused the request.'],
  [status.UNIMPLEMENTED]: ['engine_rejected', false, 'SpeechKit does not know this method.'],
  [status.PERMISSION_DENIED]: ['engine_rejected', false, 'SpeechKit does not allow this with this key.'],
  [status.UNAUTHENTICATED]: ['engine_rejected', false, 'SpeechKit does not accept the key.'],
  [status.RESOURCE_EXHAUSTED]: ['engine_quota_exceeded', true, "SpeechKit's quota is used up."],
  [status.DEADLINE_EXCEEDED]: ['engine_timed_out', true, 'SpeechKit took too long.'],
  [status.UNAVAILABLE]: ['engine_unavailable', true, 'SpeechKit cannot be reached.'],
};

const BROKEN_OFF: Meaning = ['engine_failed', true, 'SpeechKit broke off.'];

/** The error that a call's end with this status is. */
export function errorOfStatus(code: status, cause?: unknown): EngineError {
  const [errorCode, retryable, message] = MEANINGS[code] ?? BROKEN_OFF;
  return engineError(errorCode, message, { retryable, aboutRequest: code === status.INVALID_ARGUMENT, cause });
}

export function engineError(
  code: EngineErrorCode,
  message: string,
  { retryable = true, ...rest }: Partial<Pick<EngineError, 'retryable' | 'aboutRequest' | 'cause'>> = {},
): EngineError {
  return new EngineError({ engine: ENGINE_NAME, code, message, retryable, ...rest });
}

const MAX_DETAIL_LENGTH = 200;

/**
 * What the log may know of a status. A refusal of a synthesis may quote the text: then its details stay out.
 */
export function describeStatus(
  end: Pick<StatusObject, 'code' | 'details' | 'metadata'>,
  { mayQuote }: { readonly mayQuote: boolean },
): Readonly<Record<string, unknown>> {
  const [serverRequestId] = end.metadata.get('x-request-id');
  return {
    status: status[end.code] ?? end.code,
    ...(serverRequestId !== undefined && { serverRequestId: String(serverRequestId) }),
    ...(!(mayQuote && end.code === status.INVALID_ARGUMENT) && { detail: end.details.slice(0, MAX_DETAIL_LENGTH) }),
  };
}
