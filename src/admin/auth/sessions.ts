import { createHmac } from 'node:crypto';
import connectPgSimple from 'connect-pg-simple';
import type { RequestHandler } from 'express';
import session from 'express-session';
import type { StaffPass } from '../../accounts/index.ts';
import { APP_ROLE } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';

declare module 'express-session' {
  interface SessionData {
    pass: StaffPass;
    /** Milliseconds since 1970. */
    signedInAt: number;
  }
}

export interface SessionOptions {
  readonly databaseUrl: string;
  /** The installation's; the key that signs cookies is derived from it. */
  readonly tokenSecret: string;
  readonly publicUrl: string;
  readonly log: Logger;
}

export interface Sessions {
  readonly middleware: RequestHandler;
  close(): Promise<void>;
}

export const SESSION_COOKIE = 'ailingva.panel';
/** Without a sign of life for so long, one signs in again. */
const IDLE_MS = 8 * 3600_000;
/** After so long in any case, however busy one was: a cookie that was taken is not good for ever. */
const LIFETIME_MS = 24 * 3600_000;
const PRUNE_EVERY_SEC = 900;

/** Who is signed in, in PostgreSQL: a restart signs nobody out, and all web processes know the same. */
export function openSessions({ databaseUrl, tokenSecret, publicUrl, log }: SessionOptions): Sessions {
  const Store = connectPgSimple(session);
  const store = new Store({
    conObject: {
      connectionString: databaseUrl,
      application_name: 'ailingva panel sessions',
      max: 3,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      options: `-c role=${APP_ROLE}`,
    },
    tableName: 'panel_sessions',
    createTableIfMissing: false,
    pruneSessionInterval: PRUNE_EVERY_SEC,
    errorLog: (...details: unknown[]) => log.warn({ err: details.at(-1) }, 'The session store had an error'),
  });
  const read = session({
    store,
    name: SESSION_COOKIE,
    secret: createHmac('sha256', tokenSecret).update('ailingva panel sessions').digest('base64url'),
    resave: false,
    saveUninitialized: false,
    rolling: true,
    cookie: {
      path: '/admin',
      httpOnly: true,
      sameSite: 'lax',
      secure: new URL(publicUrl).protocol === 'https:',
      maxAge: IDLE_MS,
    },
  });
  return {
    middleware(request, response, next) {
      read(request, response, (error: unknown) => {
        if (error !== undefined) return next(error);
        const { pass, signedInAt = 0 } = request.session;
        if (pass && Date.now() - signedInAt > LIFETIME_MS) return request.session.regenerate(next);
        next();
      });
    },
    close: async () => {
      // Its type says nothing of the promise that it answers.
      await Promise.resolve(store.close());
    },
  };
}
