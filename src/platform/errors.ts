/**
 * What went wrong, in a form that every boundary (HTTP, signaling, logs) can answer with.
 * Nobody matches on a message: `code` is stable, `kind` decides the transport's status.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'payment_required'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  /** A kind of content that nobody here takes. */
  | 'unsupported'
  /** The kind is right, what it holds is not. */
  | 'unprocessable'
  /** The sender was too slow. */
  | 'timed_out'
  | 'too_many'
  | 'unavailable'
  | 'internal';

export interface AppErrorOptions {
  /** Stable, `snake_case`; part of the public interface. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** For people; never carries personal data or secrets. */
  readonly message: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable?: boolean;
  /** Extra fields for the answer, for example the field names that did not parse. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class AppError extends Error {
  override readonly name: string = 'AppError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: AppErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.kind = options.kind;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** Turns whatever was thrown into an `AppError`; what is not one already becomes `internal`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError({
    code: 'internal',
    kind: 'internal',
    message: 'Something went wrong on our side.',
    cause: thrown,
  });
}

/** True for the error that an aborted wait or fetch throws. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError');
}

/** The `code` of a system or database error (`ECONNREFUSED`, `23505`), if it has one. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
