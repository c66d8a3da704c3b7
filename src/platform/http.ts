import { randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { Histogram } from 'prom-client';
import { AppError } from './errors.ts';
import { contextOf } from './http/handler.ts';
import { mountRoutes } from './http/mount.ts';
import { probes, type ReadinessChecks } from './http/probes.ts';
import { servePage } from './http/page.ts';
import { toProblem } from './http/problem.ts';
import type { Authenticator, Route } from './http/route.ts';
import { securityHeaders } from './http/security.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

export { contextOf } from './http/handler.ts';
export { mountRoutes } from './http/mount.ts';
export { defineRoute } from './http/route.ts';
export type { Access, Authenticator, Principal, Role, Route, RouteRequest } from './http/route.ts';
export { problemSchema, type Problem } from './http/problem.ts';
export { listen, type HttpServer } from './http/server.ts';
export type { ReadinessChecks } from './http/probes.ts';

export interface HttpAppOptions {
  readonly routes: readonly Route[];
  /** May be left out when every route is public. */
  readonly authenticator?: Authenticator;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What `/readyz` asks; each check rejects when its part is not ready. */
  readonly readiness?: ReadinessChecks;
  /** Where browsers find us, for the content security policy. */
  readonly publicUrl: string;
  /** How many proxies in front may be believed about the client's address. */
  readonly trustedProxies?: number;
  /** The folder of the built page; without it no page is served. */
  readonly pageRoot?: string;
  /** Throws AppError of kind `too_many` when this address asks too often; asked before each route under `/api`. */
  readonly limitAddress?: (ip: string) => Promise<void>;
  /** Compare answers with their schemas; everywhere but in production. */
  readonly checkAnswers?: boolean;
  /** Mounted before the page: the API's description, the signaling proxy, the panel. */
  readonly middleware?: readonly RequestHandler[];
}

/** The HTTP side of a process: routes with problem details, probes, metrics, the page. Does no I/O. */
export function createHttpApp(options: HttpAppOptions): Express {
  const { routes, authenticator, log, metrics, limitAddress, pageRoot } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', options.trustedProxies ?? 0);
  app.set('query parser', 'simple');

  app.use(observe(log, metrics));
  app.use(securityHeaders(options.publicUrl));
  app.use(probes(metrics, options.readiness ?? {}));
  if (limitAddress !== undefined) {
    app.use('/api', async (request, _response, next) => {
      await limitAddress(request.ip ?? '');
      next();
    });
  }
  mountRoutes(app, routes, { authenticator, checkAnswers: options.checkAnswers ?? false });
  for (const middleware of options.middleware ?? []) app.use(middleware);
  if (pageRoot !== undefined) app.use(servePage(pageRoot));
  app.use(() => {
    throw new AppError({ code: 'route_not_found', kind: 'not_found', message: 'There is nothing at this address.' });
  });
  app.use(answerProblem(log));
  return app;
}

const QUIET_ROUTES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** Gives each request an id, a line in the log and a place in the histogram: by template, never by its own address. */
function observe(log: Logger, metrics: Metrics): RequestHandler {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer, by route template',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [metrics],
  });
  return (request, response, next) => {
    const startedAt = performance.now();
    const context = contextOf(response);
    const given = request.get('x-request-id');
    context.requestId = given !== undefined && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', context.requestId);
    response.once('close', () => {
      const ms = performance.now() - startedAt;
      const route = context.route ?? 'other';
      const status = response.writableFinished ? response.statusCode : 499;
      duration.observe({ method: request.method, route, status }, ms / 1000);
      const level = status >= 500 ? 'warn' : QUIET_ROUTES.has(route) || route === 'other' ? 'debug' : 'info';
      const fields = { method: request.method, route, status, ms: Math.round(ms), request_id: context.requestId };
      const user = context.principal && { user_id: context.principal.userId };
      log[level]({ ...fields, ...user }, 'Answered a request');
    });
    next();
  };
}

function answerProblem(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, _request, response, _next) => {
    const context = contextOf(response);
    const { status, headers, body, error } = toProblem(thrown, context.requestId);
    if (status >= 500) {
      const fields = { err: error.cause ?? error, code: error.code, route: context.route ?? 'other' };
      log.error({ ...fields, request_id: context.requestId }, 'A request failed');
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.set(headers).set('Cache-Control', 'no-store');
    response.status(status).type('application/problem+json').send(JSON.stringify(body));
  };
}
