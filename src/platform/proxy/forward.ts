import {
  request as httpRequest,
  STATUS_CODES,
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * One request, or one WebSocket, carried to another server and back, byte for byte. Written on Node's own client: the
 * proxies on npm report failures through one event for all requests, and end a refused WebSocket before it can be told why.
 */
export interface ForwardOptions {
  /** An origin: `http://10.0.0.5:3001`. */
  readonly target: string;
  readonly clientAddress: string;
  /** The host that the page asked. */
  readonly host: string | undefined;
  readonly deadlineMs: number;
}

/** Settles when the answer has been passed on. Rejects when there was none, with nothing sent yet. */
export function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: ForwardOptions & { readonly agent: Agent | undefined },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const upstream = open(request, options, endToEnd(request.headers), options.agent);
  upstream.on('error', reject);
  upstream.setTimeout(options.deadlineMs, () => upstream.destroy(new Error('The node did not answer in time')));
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
    answer.pipe(response);
    answer.once('error', () => response.destroy());
  });
  response.once('close', () => {
    // The page went away, or the answer is complete: either way nobody waits any more.
    upstream.destroy();
    resolve();
  });
  // Without a body the request may already have ended, in an attempt before this one.
  if (hasBody(request)) request.pipe(upstream);
  else upstream.end();
  return promise;
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Answers the upstream's socket once both are joined. Rejects when the node did not upgrade, with nothing sent yet. */
export function forwardUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: ForwardOptions,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const headers = { ...endToEnd(request.headers), connection: 'Upgrade', upgrade: 'websocket' };
  const upstream = open(request, options, headers, undefined);
  const timer = setTimeout(() => upstream.destroy(new Error('The node did not answer in time')), options.deadlineMs);
  upstream.once('close', () => clearTimeout(timer));
  upstream.on('error', reject);
  upstream.once('response', (answer) => {
    answer.resume();
    reject(new Error(`The node answered ${answer.statusCode} to a WebSocket`));
  });
  upstream.once('upgrade', (answer, remote, remoteHead) => {
    clearTimeout(timer);
    socket.write(`HTTP/1.1 101 ${STATUS_CODES[101]}\r\n${rawHeaders(answer.rawHeaders)}\r\n`);
    join(socket, remote);
    if (head.length > 0) remote.write(head);
    if (remoteHead.length > 0) socket.write(remoteHead);
    socket.pipe(remote);
    remote.pipe(socket);
    resolve(remote);
  });
  socket.once('close', () => upstream.destroy());
  upstream.end();
  return promise;
}

/** One ends with the other, and what goes wrong on either is the end of both. */
function join(one: Duplex, other: Duplex): void {
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    here.on('error', () => there.destroy());
    here.once('close', () => there.destroy());
  }
}

function open(
  request: IncomingMessage,
  { target, clientAddress, host }: ForwardOptions,
  headers: OutgoingHttpHeaders,
  agent: Agent | undefined,
): ClientRequest {
  const url = new URL(target);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return send({
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: request.method,
    path: request.url,
    // What a client claims about itself is replaced by what we see, so that nodes may believe it.
    headers: { ...headers, 'x-forwarded-for': clientAddress, 'x-forwarded-host': host },
    ...(agent !== undefined && url.protocol === 'http:' && { agent }),
  });
}

// RFC 9110, section 7.6.1: these speak of one connection, not of the message.
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = new Set(headers.connection?.split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}

function rawHeaders(raw: readonly string[]): string {
  let text = '';
  for (let i = 0; i + 1 < raw.length; i += 2) text += `${raw[i]}: ${raw[i + 1]}\r\n`;
  return text;
}
