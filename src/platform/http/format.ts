import type { Request } from 'express';
import { AppError } from '../errors.ts';
import type { AnswerFormat, Route } from './route.ts';

export interface ChosenFormat {
  /** `undefined` is JSON. */
  readonly format: AnswerFormat | undefined;
  /** What is left of the query for the route itself. */
  readonly query: Readonly<Record<string, unknown>>;
}

/**
 * In which form to answer: by `?format=`, which an address can carry, else by `Accept`; else JSON.
 * @throws AppError `request_invalid` for a format that the route does not have
 */
export function chooseFormat(request: Request, { formats }: Route): ChosenFormat {
  if (formats === undefined) return { format: undefined, query: request.query };
  const { format: name, ...query } = request.query;
  if (name === 'json') return { format: undefined, query };
  if (name !== undefined) {
    const named = typeof name === 'string' && Object.hasOwn(formats, name) ? formats[name] : undefined;
    if (named) return { format: named, query };
    throw new AppError({
      code: 'request_invalid',
      kind: 'invalid',
      message: "The request's query is not as it should be.",
      details: {
        errors: [{ field: 'format', message: `must be one of json, ${Object.keys(formats).join(', ')}` }],
      },
    });
  }
  const accepted = request.accepts(['application/json', ...Object.values(formats).map(({ mediaType }) => mediaType)]);
  return { format: Object.values(formats).find(({ mediaType }) => mediaType === accepted), query };
}
