/** Why a request failed. Nobody matches on the message: `code` is the server's stable one, or one of the page's own below. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The server's `code`, or `network` (no answer), `timed_out`, `aborted`, `bad_answer` (not ours: a proxy's page). */
  readonly code: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** Seconds to wait before another attempt, where the server says so. */
  readonly retryAfterSec: number | undefined;
  /** What else the server said: limits, fields. Empty without an answer. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: {
    readonly code: string;
    readonly status: number;
    readonly message: string;
    readonly retryAfterSec?: number | undefined;
    readonly details?: Readonly<Record<string, unknown>>;
    readonly cause?: unknown;
  }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.retryAfterSec = options.retryAfterSec;
    this.details = options.details ?? {};
  }
}

/** What to show for anything thrown: an `ApiError`'s code, else `internal`. */
export function errorCode(thrown: unknown): string {
  return thrown instanceof ApiError ? thrown.code : 'internal';
}

/** Reads RFC 9457 problem details; what is not one becomes `bad_answer`. */
export function readProblem(status: number, retryAfter: string | null, body: unknown): ApiError {
  const problem = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const seconds = Number(retryAfter);
  return new ApiError({
    code: typeof problem['code'] === 'string' ? problem['code'] : status >= 500 ? 'internal' : 'bad_answer',
    status,
    message: typeof problem['detail'] === 'string' ? problem['detail'] : `HTTP ${status}`,
    retryAfterSec: retryAfter !== null && Number.isFinite(seconds) ? seconds : undefined,
    details: problem,
  });
}
