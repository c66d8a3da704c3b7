import { AppError } from '../../platform/errors.ts';

export function uploadTooSlow(): AppError {
  return new AppError({
    code: 'upload_too_slow',
    kind: 'timed_out',
    retryable: true,
    message: 'Nothing more of the audio came for too long.',
  });
}

export function uploadIncomplete(cause: unknown): AppError {
  return new AppError({ code: 'body_incomplete', kind: 'invalid', message: 'The audio did not arrive whole.', cause });
}

export function speechNotHeard(): AppError {
  return new AppError({
    code: 'speech_not_heard',
    kind: 'unprocessable',
    message: 'No words were understood in the audio.',
  });
}

export function turnUnderWay(): AppError {
  return new AppError({
    code: 'turn_under_way',
    kind: 'conflict',
    retryable: true,
    message: 'The turn before this one is still being answered.',
  });
}

export function noMinutes(): AppError {
  return new AppError({
    code: 'no_minutes',
    kind: 'payment_required',
    message: 'The balance does not cover this audio. Top it up, or send less.',
  });
}

export function callEnded(): AppError {
  return new AppError({ code: 'call_ended', kind: 'conflict', message: 'This conversation has ended.' });
}

export function callNotFound(): AppError {
  return new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such conversation.' });
}

export function callOnOtherNode(): AppError {
  return new AppError({
    code: 'call_on_other_node',
    kind: 'conflict',
    retryable: true,
    message: 'This conversation has its place on another node.',
  });
}

export function nodeDraining(): AppError {
  return new AppError({
    code: 'node_draining',
    kind: 'unavailable',
    retryable: true,
    message: 'This node takes no new turns.',
  });
}

/** The engine's own code, as a conversation's listener is told it. */
export function answerFailed(code: string): AppError {
  return new AppError({ code, kind: 'unavailable', retryable: true, message: 'The tutor could not answer.' });
}

export function nodeUnavailable(cause: unknown): AppError {
  return new AppError({
    code: 'media_node_unavailable',
    kind: 'unavailable',
    retryable: true,
    message: 'The media node of this conversation does not answer.',
    cause,
  });
}
