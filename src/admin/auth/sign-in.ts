import type AdminJS from 'adminjs';
import { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import { emailSchema, type Accounts } from '../../accounts/index.ts';
import { AppError, toAppError } from '../../platform/errors.ts';
import { contextOf } from '../../platform/http.ts';
import { readForm } from '../http/form-body.ts';
import { Visitor } from '../roles.ts';

export const LOGIN_PATH = '/login';
export const LOGOUT_PATH = '/logout';
const FORM_BYTES = 8 * 1024;

const credentials = z.object({ email: emailSchema, password: z.string().min(1).max(1000) });

export interface SignInOptions {
  readonly admin: AdminJS;
  readonly accounts: Pick<Accounts, 'signInStaff' | 'readStaff' | 'logoutEverywhere'>;
  readonly publicUrl: string;
}

const visitors = new WeakMap<Request, Visitor>();

/** Who asks. Behind `requireStaff` only. */
export function visitorAt(request: Request): Visitor {
  const visitor = visitors.get(request);
  if (!visitor) throw new AppError({ code: 'not_signed_in', kind: 'unauthenticated', message: 'Sign in first.' });
  return visitor;
}

/** The form, and what it posts. The session gets a new id, so that one that was planted before is worth nothing. */
export function signIn({ admin, accounts, publicUrl }: SignInOptions): Router {
  const router = Router();
  const needsTls = new URL(publicUrl).protocol === 'https:';
  const page = (errorMessage: string | null) => admin.renderLogin({ action: admin.options.loginPath, errorMessage });

  router.get(LOGIN_PATH, async (request, response) => {
    if (request.session.pass && (await accounts.readStaff(request.session.pass))) {
      response.redirect(303, admin.options.rootPath);
      return;
    }
    response.type('html').send(await page(null));
  });

  router.post(LOGIN_PATH, refuseOtherForms, readForm(FORM_BYTES), async (request, response) => {
    const given = credentials.safeParse('fields' in request ? request.fields : {});
    try {
      if (needsTls && !request.secure) throw connectionOpen();
      if (!given.success) throw new AppError({ code: 'credentials_invalid', kind: 'unauthenticated', message: '' });
      const pass = await accounts.signInStaff({ ...given.data, ip: request.ip ?? '' });
      await regenerate(request);
      Object.assign(request.session, { pass, signedInAt: Date.now() });
      await save(request);
      response.redirect(303, admin.options.rootPath);
    } catch (thrown) {
      const { code, kind } = toAppError(thrown);
      if (kind === 'internal' || kind === 'unavailable') throw thrown;
      const status = kind === 'too_many' ? 429 : kind === 'forbidden' ? 403 : 401;
      response
        .status(status)
        .type('html')
        .send(await page(code));
    }
  });
  return router;
}

/** Signing out is a POST as well: a link or an image of another site signs nobody out. */
export function signOut({ admin, accounts }: SignInOptions): Router {
  const router = Router();
  router.post(LOGOUT_PATH, async (request, response) => {
    await destroy(request);
    response.redirect(303, admin.options.loginPath);
  });
  router.post('/logout-everywhere', async (request, response) => {
    await accounts.logoutEverywhere(visitorAt(request).id);
    await destroy(request);
    response.redirect(303, admin.options.loginPath);
  });
  return router;
}

/** The account is looked at each time: a block, another role or a logout everywhere holds from the next request on. */
export function requireStaff({ admin, accounts }: SignInOptions): RequestHandler {
  return async (request, response, next) => {
    const { pass } = request.session;
    const staff = pass && (await accounts.readStaff(pass));
    if (staff) {
      const visitor = new Visitor(staff, request.ip ?? '');
      visitors.set(request, visitor);
      contextOf(response).principal = { userId: visitor.id, role: visitor.role, tokenVersion: pass.tokenVersion };
      // Where AdminJS looks for it; not of the session itself, and so not stored.
      Object.defineProperty(request.session, 'adminUser', { value: visitor, enumerable: false, configurable: true });
      return next();
    }
    if (pass) await destroy(request);
    const wantsPage = request.method === 'GET' && !/^\/(api|data|queues\/api)(\/|$)/.test(request.path);
    if (wantsPage) {
      response.redirect(303, admin.options.loginPath);
      return;
    }
    throw new AppError({ code: 'not_signed_in', kind: 'unauthenticated', message: 'Sign in first.' });
  };
}

/** The cookie would not be given out, and signing in would lead back to the form without a word. */
function connectionOpen(): AppError {
  const message = 'This address is served over https, but the request did not come so.';
  return new AppError({ code: 'connection_open', kind: 'forbidden', message });
}

const refuseOtherForms: RequestHandler = (request, _response, next) => {
  if (request.is('application/x-www-form-urlencoded')) return next();
  throw new AppError({ code: 'content_type_unsupported', kind: 'invalid', message: 'The body must be a form.' });
};

function regenerate({ session }: Request): Promise<void> {
  return asPromise((done) => session.regenerate(done));
}

function save({ session }: Request): Promise<void> {
  return asPromise((done) => session.save(done));
}

function destroy({ session }: Request): Promise<void> {
  return asPromise((done) => session.destroy(done));
}

function asPromise(start: (done: (error: unknown) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  start((error) => (error ? reject(error) : resolve()));
  return promise;
}
