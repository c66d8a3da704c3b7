import { buildRoutes } from '@adminjs/express';
import { AdminJS, Router as AdminRouter } from 'adminjs';
import { Router, type RequestHandler } from 'express';
import type { Knex } from 'knex';
import type { Accounts } from '../accounts/index.ts';
import type { BoardHandler } from '../jobs/index.ts';
import { AppError } from '../platform/errors.ts';
import { contextOf, mountRoutes, type Route } from '../platform/http.ts';
import type { Logger } from '../platform/log.ts';
import { openSessions } from './auth/sessions.ts';
import { LOGIN_PATH, LOGOUT_PATH, requireStaff, signIn, signOut, visitorAt } from './auth/sign-in.ts';
import { panelComponents } from './components.ts';
import { panelAssets } from './http/assets.ts';
import { refuseCrossSite } from './http/cross-site.ts';
import { readForm } from './http/form-body.ts';
import { dropIds, gate } from './http/gate.ts';
import { pageHeaders } from './http/page-headers.ts';
import { panelLocale } from './locale/index.ts';
import { PANEL_PAGES } from './pages/list.ts';
import { TableResource } from './resource/table-resource.ts';
import { toResourceOptions } from './resource/to-adminjs.ts';
import { panelTables } from './resources/index.ts';
import type { PanelServices } from './services.ts';
import { branding } from './theme.ts';

export interface PanelOptions {
  readonly knex: Knex;
  /** For the sessions, which have connections of their own. */
  readonly databaseUrl: string;
  readonly tokenSecret: string;
  readonly publicUrl: string;
  /** Where the set-up put the panel's components. */
  readonly bundleFolder: string;
  readonly log: Logger;
  readonly accounts: Pick<Accounts, 'signInStaff' | 'readStaff' | 'logoutEverywhere'>;
  readonly services: PanelServices;
  /** The API's routes: those for staff answer the panel's pages at `/admin/data/…` too, by the session. */
  readonly routes: readonly Route[];
  /** Shows the queues, at `/admin/queues`, and changes nothing: what is done there, our own actions do and write down. */
  readonly board?: BoardHandler;
}

export interface Panel {
  readonly path: '/admin';
  readonly middleware: RequestHandler;
  /** Idempotent. */
  close(): Promise<void>;
}

const ROOT = '/admin';

/** The back office: AdminJS behind a door of our own. Bundles nothing, opens no connection before the first request. */
export function createPanel(options: PanelOptions): Panel {
  const { knex, accounts, services, publicUrl } = options;
  const admin = new AdminJS({
    rootPath: ROOT,
    loginPath: ROOT + LOGIN_PATH,
    logoutPath: ROOT + LOGOUT_PATH,
    componentLoader: panelComponents(),
    resources: panelTables(services).map((definition) => ({
      resource: new TableResource(definition, knex),
      options: toResourceOptions(definition),
    })),
    pages: Object.fromEntries(PANEL_PAGES.map(({ name, component, icon }) => [name, { component, icon }])),
    dashboard: { component: 'Dashboard' },
    branding,
    assets: {
      styles: ['tokens.css', 'panel.css', 'figures.css', 'keeping.css', 'top-bar.css'].map(
        (name) => `${ROOT}/frontend/assets/${name}`,
      ),
    },
    locale: panelLocale,
    settings: { defaultPerPage: 25 },
  });
  const sessions = openSessions(options);
  const door = { admin, accounts, publicUrl };

  const panel = Router();
  panel.use('/frontend/assets', panelAssets(options.bundleFolder));
  panel.use(pageHeaders(publicUrl));
  panel.use(refuseCrossSite(publicUrl));
  panel.use(named, sessions.middleware);
  panel.use(signIn(door));
  panel.use(requireStaff(door));
  panel.use(signOut(door));
  if (options.board) panel.use('/queues', forAdmins, options.board);
  mountRoutes(panel, dataRoutes(options.routes), { authenticator: nobody, checkAnswers: false });
  panel.use(moved, gate({ admin, visitor: visitorAt }), refuseHiddenPages, readForm(), dropIds(admin));
  buildRoutes({ admin, routes: AdminRouter.routes, router: panel });

  const middleware = Router();
  middleware.use(ROOT, panel);
  return { path: ROOT, middleware, close: () => sessions.close() };
}

/** The staff's part of the API, under the panel's address and session; the panel takes GET and POST, so what is a PUT there is a POST here. */
function dataRoutes(routes: readonly Route[]): Route[] {
  return routes
    .filter(({ path }) => path.startsWith('/api/admin/'))
    .map((route) =>
      Object.assign({}, route, {
        method: route.method === 'put' ? 'post' : route.method,
        path: route.path.replace('/api/admin/', '/data/'),
      }),
    );
}

const nobody = {
  authenticate: () =>
    Promise.reject(new AppError({ code: 'not_signed_in', kind: 'unauthenticated', message: 'Sign in first.' })),
};

/** For the log and the metrics, which know addresses by their template. */
const named: RequestHandler = (request, response, next) => {
  const [, first = ''] = request.path.split('/');
  contextOf(response).route = ['api', 'data', 'login', 'logout', 'queues'].includes(first)
    ? `/admin/${first}`
    : '/admin';
  next();
};

/** Rules and settings were tables once: whoever kept the address of one comes to its page. */
const moved: RequestHandler = ({ method, path }, response, next) => {
  const [, table = ''] = /^\/resources\/([^/]+)/.exec(path) ?? [];
  const page = new Map([
    ['system_rules', 'rules'],
    ['settings', 'settings'],
  ]).get(table);
  if (method !== 'GET' || page === undefined) return next();
  response.redirect(303, `${ROOT}/pages/${page}`);
};

const forAdmins: RequestHandler = (request, _response, next) => {
  if (visitorAt(request).role === 'admin') return next();
  throw roleNotAllowed();
};

function roleNotAllowed(): AppError {
  return new AppError({ code: 'role_not_allowed', kind: 'forbidden', message: 'Your role does not allow this.' });
}

/** Whoever looks comes to the first page, or sees in the panel that there is nothing here; a program is told. */
const refuseHiddenPages: RequestHandler = (request, response, next) => {
  const name = /^\/(?:api\/)?pages\/([^/]+)$/.exec(request.path)?.[1];
  const page = PANEL_PAGES.find((known) => known.name === name);
  if (name === undefined || page?.roles.includes(visitorAt(request).role)) return next();
  if (request.accepts(['json', 'html']) === 'html') {
    if (page) return response.redirect(303, ROOT);
    response.status(404);
    return next();
  }
  throw page
    ? roleNotAllowed()
    : new AppError({ code: 'page_not_found', kind: 'not_found', message: 'There is no such page.' });
};
