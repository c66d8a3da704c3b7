import path from 'node:path';
import { z } from 'zod';
import { count, folder, missing, port, webAddress, type Basics, type Problem, type Values } from './values.ts';

/** The web process, who may sign in first, and what signs. */

/** How many proxies stand in front: `true` is one. Behind none, a client could write its own X-Forwarded-For. */
const trustedProxies = z.union([
  z.enum(['true', 'false']).transform((value) => (value === 'true' ? 1 : 0)),
  count(0, 8),
]);

export const webVariables = {
  PORT: port.default(3000),
  HOST: z.string().optional(),
  PUBLIC_URL: webAddress.optional(),
  TRUST_PROXY: trustedProxies.default(0),
  WEB_ROOT: folder.optional(),
  PANEL_ROOT: folder.optional(),
  ADMIN_EMAIL: z.email('must be an e-mail address').optional(),
  ADMIN_PASSWORD: z.string().min(10, 'must have at least 10 characters').max(200).optional(),
  TOKEN_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
};

type Variables = Values<typeof webVariables>;

export function webProblems(v: Variables, { production }: Basics): Problem[] {
  return [
    ...(production ? missing(v, ['TOKEN_SECRET'], 'in production') : []),
    ...(v.ADMIN_PASSWORD === undefined ? [] : missing(v, ['ADMIN_EMAIL'], 'when ADMIN_PASSWORD is')),
  ];
}

export function arrangeWeb(v: Variables, { production, dataDir }: Basics) {
  return {
    web: {
      port: v.PORT,
      /** A developer's machine answers only itself; in production a proxy or a container's network comes in. */
      host: v.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
      publicUrl: v.PUBLIC_URL ?? `http://localhost:${v.PORT}`,
      trustedProxies: v.TRUST_PROXY,
      /** The built page: `index.html` and `assets/`. */
      root: v.WEB_ROOT ?? path.join(dataDir, 'web'),
      /** The built components of the back office. */
      panelRoot: v.PANEL_ROOT ?? path.join(dataDir, 'panel'),
    },
    admin: { email: v.ADMIN_EMAIL, password: v.ADMIN_PASSWORD },
    tokenSecret: v.TOKEN_SECRET,
  };
}
