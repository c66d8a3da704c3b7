import { NotFoundError, UnsupportedError, WorkerClosedError } from 'mediasoup/errors';
import { AppError } from '../../platform/errors.ts';

export function sfuClosed(cause?: unknown): AppError {
  return new AppError({
    code: 'sfu_closed',
    kind: 'unavailable',
    message: 'The media of this call has ended.',
    cause,
  });
}

export function transportNotFound(cause?: unknown): AppError {
  return new AppError({
    code: 'transport_not_found',
    kind: 'not_found',
    message: 'There is no such transport in this call.',
    cause,
  });
}

/**
 * Runs one request to the worker and turns its refusal into an error with a stable code:
 * `parameters_invalid`, `codec_unsupported`, `transport_not_found`, `sfu_closed`, `sfu_failed`.
 */
export async function askWorker<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (thrown) {
    throw toSfuError(thrown);
  }
}

function toSfuError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof WorkerClosedError) return sfuClosed(thrown);
  if (thrown instanceof NotFoundError) return transportNotFound(thrown);
  if (thrown instanceof UnsupportedError) {
    return new AppError({
      code: 'codec_unsupported',
      kind: 'invalid',
      message: 'A call takes audio in Opus only.',
      cause: thrown,
    });
  }
  if (thrown instanceof TypeError) {
    return new AppError({
      code: 'parameters_invalid',
      kind: 'invalid',
      message: 'These media parameters do not fit together.',
      cause: thrown,
    });
  }
  return new AppError({
    code: 'sfu_failed',
    kind: 'internal',
    message: 'The media server refused the request.',
    cause: thrown,
  });
}
