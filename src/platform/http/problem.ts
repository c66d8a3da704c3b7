import { STATUS_CODES } from 'node:http';
import type { ZodError } from 'zod';
import { z } from 'zod';
import { asDatabaseUnavailable } from '../database.ts';
import { AppError, toAppError, type ErrorKind } from '../errors.ts';

/** Problem details, RFC 9457: how every error of the API looks. */
export const problemSchema = z
  .looseObject({
    type: z.string().describe('`urn:ailingva:problem:` and the code'),
    title: z.string().describe('The name of the HTTP status'),
    status: z.int(),
    detail: z.string().describe('For people; may change'),
    code: z.string().describe('Stable: decide by this'),
    request_id: z.string().describe('Name it when you report the problem'),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe('Which fields did not parse'),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  payment_required: 402,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  timed_out: 408,
  too_large: 413,
  unsupported: 415,
  unprocessable: 422,
  too_many: 429,
  unavailable: 503,
  internal: 500,
};

/** What only HTTP knows, and the kinds therefore do not. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  method_not_allowed: 405,
  content_type_unsupported: 415,
};

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
  readonly error: AppError;
}

export function toProblem(thrown: unknown, requestId: string): ProblemAnswer {
  const error = fromBodyParser(thrown) ?? fromRouter(thrown) ?? asDatabaseUnavailable(thrown) ?? toAppError(thrown);
  const status = STATUS_OF_CODE[error.code] ?? STATUS[error.kind];
  const retryAfter = error.details['retry_after_seconds'];
  return {
    status,
    error,
    headers: {
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      ...(typeof retryAfter === 'number' && { 'Retry-After': String(Math.max(1, Math.ceil(retryAfter))) }),
    },
    body: {
      ...error.details,
      type: `urn:ailingva:problem:${error.code}`,
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail: error.message,
      code: error.code,
      request_id: requestId,
    },
  };
}

export type RequestPart = 'params' | 'query' | 'body';

/** Every field that did not parse, at once. `field` is a dotted path within the part. */
export function validationError(part: RequestPart, error: ZodError): AppError {
  return new AppError({
    code: 'request_invalid',
    kind: 'invalid',
    message: `The request's ${part === 'params' ? 'path' : part} is not as it should be.`,
    details: {
      errors: error.issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message })),
    },
  });
}

/** The router cannot read an address such as `/api/calls/%ff`, and says so by the status that it gives its error. */
function fromRouter(thrown: unknown): AppError | undefined {
  if (!(thrown instanceof URIError) || !('status' in thrown) || thrown.status !== 400) return undefined;
  return new AppError({ code: 'address_malformed', kind: 'invalid', message: 'The address cannot be read.' });
}

/** body-parser's own errors, told apart by `type`: https://github.com/expressjs/body-parser#errors */
function fromBodyParser(thrown: unknown): AppError | undefined {
  if (!(thrown instanceof Error) || !('type' in thrown) || typeof thrown.type !== 'string') return undefined;
  switch (thrown.type) {
    case 'entity.parse.failed':
      return new AppError({ code: 'json_malformed', kind: 'invalid', message: 'The body is not valid JSON.' });
    case 'entity.too.large':
      return new AppError({ code: 'body_too_large', kind: 'too_large', message: 'The body is too large.' });
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new AppError({
        code: 'content_type_unsupported',
        kind: 'invalid',
        message: 'The body must be JSON in UTF-8.',
      });
    case 'request.aborted':
    case 'request.size.invalid':
    case 'entity.verify.failed':
      return new AppError({ code: 'body_incomplete', kind: 'invalid', message: 'The body did not arrive whole.' });
    default:
      return undefined;
  }
}
