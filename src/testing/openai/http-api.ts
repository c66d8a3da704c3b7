import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turnOfTheLoop, setTimeout as pause } from 'node:timers/promises';

import { type Faults, type LateFault, type Refusal, REFUSALS } from './faults.ts';
import type { Mind } from './mind.ts';

export interface HttpApiContext {
  readonly accepts: (authorization: string | undefined) => boolean;
  readonly mind: Mind;
  readonly faults: Faults;
  /** How many times faster than spoken audio comes; `Infinity`: at once. */
  readonly pace: number;
  readonly onRequest: (request: RecordedRequest) => void;
}

export interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

const MAX_BODY_BYTES = 2 * 1_024 * 1_024;

/** What a route is given: the parsed body, and a stream to answer with. */
export interface Exchange {
  readonly body: Record<string, unknown>;
  readonly mind: Mind;
  readonly pace: number;
  readonly signal: AbortSignal;
  /** Before the second piece, once: what goes wrong in this stream. */
  readonly lateFault: LateFault | undefined;
  readonly response: ServerResponse;
  /** Answers with an error instead. */
  refuse(refusal: Refusal): void;
}

export type Route = (exchange: Exchange) => Promise<void>;

/** Server-sent events, with whatever goes wrong in them. */
export class EventStream {
  readonly #exchange: Exchange;
  #sent = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  }

  /** @param type the `event:` line, where the interface has one */
  async send(data: unknown, type?: string): Promise<void> {
    const { response, lateFault, signal } = this.#exchange;
    if (this.#sent++ === 2 && lateFault) await breakStream(lateFault, response, signal);
    if (response.destroyed) return;
    response.write(`${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(data)}\n\n`);
    await turnOfTheLoop();
  }

  end(last = ''): void {
    this.#exchange.response.end(last);
  }
}

/** @throws never: the response is broken, or nothing more comes */
export async function breakStream(fault: LateFault, response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (fault === 'stall') await untilAborted(signal);
  else if (fault === 'garbage') response.write('data: {"type": "respo\n\ndata: nonsense\n\n');
  else if (fault === 'error_event') {
    const { error } = REFUSALS.server_error;
    response.write(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`);
  } else response.destroy();
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

/** Audio of this length was sent: waits until it may go on. */
export async function keepPace(durationMs: number, pace: number, signal: AbortSignal): Promise<void> {
  if (pace === Infinity) await turnOfTheLoop();
  else await pause(durationMs / pace, undefined, { signal }).catch(() => undefined);
}

/** Checks the key, reads the body, and hands on to the route. */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Readonly<Record<string, Route>>,
  context: HttpApiContext,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://local').pathname;
  const requestId = `req_${randomUUID().replaceAll('-', '')}`;
  response.setHeader('x-request-id', requestId);
  const refuse = ({ status, error, headers }: Refusal) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error }));
  };
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  const text = await readBody(request);
  const fault = context.faults.takeEarly();
  if (fault === 'hang') return;
  if (fault) return refuse(REFUSALS[fault]);
  if (!context.accepts(request.headers.authorization)) return refuse(REFUSALS.bad_key);
  const route = routes[`${request.method} ${path}`];
  if (!route) return refuse(badRequest(404, `Invalid URL (${request.method} ${path})`));
  let body: Record<string, unknown> = {};
  try {
    if (text !== '') body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return refuse(badRequest(400, 'We could not parse the JSON body of your request.'));
  }
  context.onRequest({ path, headers: request.headers, body });
  const { mind, pace, faults } = context;
  const lateFault = faults.takeLate();
  await route({ body, mind, pace, signal: abort.signal, lateFault, response, refuse });
}

export function badRequest(status: number, message: string): Refusal {
  return { status, error: { message, type: 'invalid_request_error', param: null, code: null } };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const text of request) {
    body += String(text);
    if (body.length > MAX_BODY_BYTES) break;
  }
  return body;
}
