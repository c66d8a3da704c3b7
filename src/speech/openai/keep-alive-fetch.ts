import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';

import { errorCode } from '../../platform/errors.ts';

/** The vendor's balancers keep an idle connection for some minutes; a learner's turn comes every few seconds. */
const IDLE_MS = 60_000;
const MAX_SOCKETS = 512;

export interface KeepAliveFetch {
  readonly fetch: typeof fetch;
  /** Cuts what is open. Idempotent. */
  close(): void;
}

/**
 * `fetch` over one pool of connections that all calls share and that stay open between a learner's turns: the global one
 * forgets them after 4 s, and a TLS handshake would be heard in every answer. Takes text bodies, as the SDK sends them.
 */
export function createKeepAliveFetch(baseUrl: string): KeepAliveFetch {
  const secure = new URL(baseUrl).protocol === 'https:';
  const options = { keepAlive: true, timeout: IDLE_MS, maxSockets: MAX_SOCKETS, scheduling: 'lifo' } as const;
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);

  function send(url: URL, init: RequestInit): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { signal, method = 'GET', body } = init;
    const headers = Object.fromEntries(new Headers(init.headers));
    const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request: ClientRequest = open(url, { agent, method, headers, ...(signal && { signal }) }, resolve);
    request.on('error', (error) => {
      // The other end closed an idle connection just when it was taken again: nobody has seen this request.
      if (request.reusedSocket && errorCode(error) === 'ECONNRESET' && !signal?.aborted) resolve(send(url, init));
      else reject(error);
    });
    request.setNoDelay(true);
    request.end(typeof body === 'string' ? body : undefined);
    return promise;
  }

  return {
    async fetch(input, init = {}) {
      const url = new URL(input instanceof Request ? input.url : input);
      const answer = await send(url, init);
      const headers = new Headers();
      for (const [name, value] of Object.entries(answer.headers)) {
        if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
      }
      const status = answer.statusCode ?? 502;
      const bodiless = status === 204 || status === 304;
      if (bodiless) answer.resume();
      // The reader's error is what counts; after it nobody listens to the socket's.
      answer.on('error', () => undefined);
      const body = bodiless ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
      return new Response(body, { status, statusText: answer.statusMessage ?? '', headers });
    },
    close: () => agent.destroy(),
  };
}
