import { AppError, toAppError } from '../../platform/errors.ts';
import type { ErrorMessage, Reply } from '../protocol.ts';

/** What the page is told of an error: never its cause. */
export function toErrorMessage(thrown: unknown): ErrorMessage {
  const { code, message, retryable } = toAppError(thrown);
  return { code, message, retryable };
}

export function refuse(error: unknown): Reply<never> {
  return { ok: false, error: toErrorMessage(error) };
}

export function messageUnknown(): AppError {
  return new AppError({ code: 'message_unknown', kind: 'not_found', message: 'There is no such message.' });
}

/** @param fields paths of what did not parse, for the log and the page's developer; no values. */
export function messageInvalid(fields: readonly string[]): AppError {
  const named = fields.slice(0, 5).join(', ').slice(0, 200);
  return new AppError({
    code: 'message_invalid',
    kind: 'invalid',
    message: named ? `The message does not have the form that it should: ${named}.` : 'The message has no proper form.',
  });
}

export function notJoined(): AppError {
  return new AppError({ code: 'not_joined', kind: 'conflict', message: 'The call has to be joined first.' });
}

export function alreadyJoined(): AppError {
  return new AppError({ code: 'already_joined', kind: 'conflict', message: 'This connection is in the call already.' });
}

export function tooManyMessages(): AppError {
  return new AppError({
    code: 'too_many_messages',
    kind: 'too_many',
    message: 'Too many messages in a short time.',
    retryable: true,
  });
}

export function tooManyVoiceOpenings(): AppError {
  return new AppError({
    code: 'too_many_voice_openings',
    kind: 'too_many',
    message: 'The voice of this call was opened anew too often. Wait a little.',
    retryable: true,
  });
}

export function tooManyConnections(): AppError {
  return new AppError({
    code: 'too_many_connections',
    kind: 'too_many',
    message: 'Too many connections of this learner. Wait a little.',
    retryable: true,
  });
}

export function tokenMissing(): AppError {
  return new AppError({ code: 'token_missing', kind: 'unauthenticated', message: 'A token for the call is needed.' });
}

export function requestTimedOut(): AppError {
  return new AppError({
    code: 'request_timeout',
    kind: 'unavailable',
    message: 'The call did not answer in time.',
    retryable: true,
  });
}
