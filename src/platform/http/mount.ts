import type { IRouter, RequestHandler } from 'express';
import { AppError } from '../errors.ts';
import { contextOf, handleRoute, type HandlerOptions } from './handler.ts';
import type { Route } from './route.ts';

/** Makes the routes answer at their paths; another method there is told which ones there are. */
export function mountRoutes(router: IRouter, routes: readonly Route[], options: HandlerOptions): void {
  for (const [path, methods] of byPath(routes)) {
    const address = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const route of methods) router[route.method](address, ...handleRoute(route, options));
    router.all(address, refuseMethod(path, methods));
  }
}

function byPath(routes: readonly Route[]): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const route of routes) {
    const methods = paths.get(route.path);
    if (methods?.some(({ method }) => method === route.method)) {
      throw new TypeError(`${route.method} ${route.path} is defined twice`);
    }
    if (methods) methods.push(route);
    else paths.set(route.path, [route]);
  }
  return paths;
}

function refuseMethod(path: string, routes: readonly Route[]): RequestHandler {
  const allowed = routes.map(({ method }) => method.toUpperCase()).join(', ');
  return (_request, response) => {
    contextOf(response).route = path;
    response.setHeader('Allow', allowed);
    throw new AppError({
      code: 'method_not_allowed',
      kind: 'invalid',
      message: `This address answers only ${allowed}.`,
    });
  };
}
