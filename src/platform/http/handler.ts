import { isDeepStrictEqual } from 'node:util';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import type { ZodType } from 'zod';
import { AppError } from '../errors.ts';
import { chooseFormat } from './format.ts';
import { validationError, type RequestPart } from './problem.ts';
import type { Authenticator, Principal, Route } from './route.ts';

/** Bodies are small JSON objects; whatever is larger is a mistake or an attack. */
export const BODY_LIMIT_BYTES = 64 * 1024;
const BODY_DEADLINE_MS = 30_000;

export interface HandlerOptions {
  /** Asked where nothing before the route has settled who asks: a session, for example. */
  readonly authenticator: Authenticator | undefined;
  /** Compare what handlers return with what they declared. */
  readonly checkAnswers: boolean;
}

/** What one request carries through the application besides express's own. */
export interface RequestContext {
  requestId: string;
  route: string | undefined;
  principal: Principal | undefined;
}

export function contextOf(response: Response): RequestContext {
  return response.locals as RequestContext;
}

const parseJson = express.json({ limit: BODY_LIMIT_BYTES, strict: true });

/**
 * One route as express middleware. Who asks is settled before anything that was sent is read, so that a stranger
 * learns nothing of our fields and cannot make us read a body.
 */
export function handleRoute(route: Route, { authenticator, checkAnswers }: HandlerOptions): RequestHandler[] {
  if (route.access !== 'public' && authenticator === undefined) {
    throw new TypeError(`${route.method} ${route.path} needs an authenticator`);
  }
  const admit: RequestHandler = async (request, response, next) => {
    const context = contextOf(response);
    context.route = route.path;
    if (route.access !== 'public' && authenticator !== undefined) {
      const principal = context.principal ?? (await authenticator.authenticate(request.headers.authorization));
      context.principal = principal;
      if (route.access !== 'user' && !route.access.includes(principal.role)) {
        throw new AppError({
          code: 'role_not_allowed',
          kind: 'forbidden',
          message: 'Your role does not allow this.',
        });
      }
    }
    next();
  };
  const { stream } = route;
  if (stream !== undefined) {
    const carry: RequestHandler = async (request, response) => {
      const { principal, requestId } = contextOf(response);
      const query = parsePart('query', route.query, request.query);
      response.setHeader('Cache-Control', 'no-store');
      await stream.carry({ request, response, query, principal, requestId });
    };
    return [admit, carry];
  }
  const answer: RequestHandler = async (request, response) => {
    const { principal, requestId } = contextOf(response);
    const { format, query } = chooseFormat(request, route);
    const result = await route.handle({
      params: parsePart('params', route.params, request.params),
      query: parsePart('query', route.query, query),
      body: parsePart('body', route.body, request.body),
      principal,
      ip: request.ip ?? '',
      languages: request.acceptsLanguages(),
      idempotencyKey: idempotencyKeyOf(request, route),
      requestId,
    });
    const status = route.status ?? 200;
    // Answers are a person's own: no proxy and no browser may keep them.
    response.setHeader('Cache-Control', 'no-store');
    if (status === 204) {
      response.status(204).end();
      return;
    }
    if (checkAnswers) checkAnswer(route.answer, result);
    if (route.formats !== undefined) response.vary('Accept');
    response.status(status);
    if (format === undefined) {
      response.json(result);
    } else {
      response.attachment(format.fileName(result)).type(`${format.mediaType}; charset=utf-8`);
      response.send(format.write(result));
    }
  };
  return route.body === undefined ? [admit, answer] : [admit, requireJson, endInTime, parseJson, answer];
}

function requireJson(request: Request, _response: Response, next: NextFunction): void {
  const sent = request.headers['content-type'];
  if (sent === undefined || request.is('application/json') === 'application/json') return next();
  throw new AppError({
    code: 'content_type_unsupported',
    kind: 'invalid',
    message: 'The body must be application/json.',
  });
}

/** The server's own deadline is that of the longest upload. */
function endInTime(request: Request, _response: Response, next: NextFunction): void {
  const timer = setTimeout(() => request.destroy(), BODY_DEADLINE_MS);
  const clear = (): void => clearTimeout(timer);
  request.once('end', clear).once('close', clear);
  next();
}

function parsePart(part: RequestPart, schema: ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value ?? {});
  if (!parsed.success) throw validationError(part, parsed.error);
  return parsed.data;
}

function idempotencyKeyOf(request: Request, route: Route): string | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined) {
    if (route.idempotency !== 'required') return undefined;
    throw new AppError({
      code: 'idempotency_key_missing',
      kind: 'invalid',
      message: 'Send an Idempotency-Key header: a new value for each new request, the same when you repeat one.',
    });
  }
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw new AppError({
    code: 'idempotency_key_invalid',
    kind: 'invalid',
    message: 'The Idempotency-Key header must be 1 to 128 visible ASCII characters.',
  });
}

/** Parsing drops what a schema does not name; a difference is therefore a field that was not declared. */
function checkAnswer(schema: ZodType, result: unknown): void {
  const sent: unknown = JSON.parse(JSON.stringify(result) ?? 'null');
  const parsed = schema.safeParse(sent);
  if (parsed.success && isDeepStrictEqual(parsed.data, sent)) return;
  throw new AppError({
    code: 'answer_invalid',
    kind: 'internal',
    message: 'The answer is not what its schema says.',
    cause: parsed.error ?? new TypeError('The answer has fields that its schema does not name'),
  });
}
