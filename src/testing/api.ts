import type { TestContext } from 'node:test';
import { z } from 'zod';
import { createHttpApp, listen, type Authenticator, type Route } from '../platform/http.ts';
import { createSilentLogger } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON that was answered; `{}` where it was none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ApiRequest {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `ask('POST', '/api/auth/login', { body })` */
export type Ask = (method: string, address: string, request?: ApiRequest) => Promise<ApiAnswer>;

/** Serves routes as the web process does, with answers checked, for as long as a test lasts. */
export async function serveApi(
  t: Pick<TestContext, 'after'>,
  { routes, authenticator }: { readonly routes: readonly Route[]; readonly authenticator: Authenticator },
): Promise<Ask> {
  const app = createHttpApp({
    routes,
    authenticator,
    log: createSilentLogger(),
    metrics: createMetrics('test'),
    publicUrl: 'https://ailingva.example',
    checkAnswers: true,
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  t.after(() => server.close());
  return async (method, address, { token, body, headers = {} } = {}) => {
    const response = await fetch(server.url + address, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer());
    const json = /json/.test(response.headers.get('content-type') ?? '');
    const parsed = z.record(z.string(), z.unknown()).safeParse(json ? JSON.parse(text) : {});
    return { status: response.status, headers: response.headers, text, body: parsed.data ?? {} };
  };
}
