import { Agent, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import { AppError, errorCode } from './errors.ts';
import { contextOf } from './http/handler.ts';
import { toProblem } from './http/problem.ts';
import type { Logger } from './log.ts';
import { forwardRequest, forwardUpgrade, hasBody } from './proxy/forward.ts';
import { createNodeDirectory } from './proxy/node-directory.ts';

export interface SignalingProxyOptions {
  /** A media node's own address (`http://10.0.0.5:3001`), or `undefined` when there is none of that name. */
  readonly findNode: (nodeId: string) => Promise<string | undefined>;
  readonly log: Logger;
  /** How many proxies in front of us may be believed about the client's address. */
  readonly trustedProxies?: number;
}

/** Carries the pages' socket.io to the media nodes: `/rtc/<node>/socket.io/…`, polling and WebSocket. */
export interface SignalingProxy {
  readonly middleware: RequestHandler;
  /** WebSockets do not pass through express: the server's `upgrade` events do. */
  attach(server: Server): void;
  /** Cuts the WebSockets under way; the pages reconnect elsewhere. Idempotent. */
  close(): void;
}

// Only socket.io's own path, and only names that a node can have: what is not matched here is never sent anywhere.
const ADDRESS = /^\/rtc\/([a-zA-Z0-9][a-zA-Z0-9_-]{0,63})\/socket\.io\/(?:\?|$)/;
const ROUTE = '/rtc/{node}/socket.io/';

// A long poll stays open for socket.io's ping interval, 25 s by default.
const ANSWER_DEADLINE_MS = 60_000;
const UPGRADE_DEADLINE_MS = 10_000;

export function createSignalingProxy(options: SignalingProxyOptions): SignalingProxy {
  const { log, trustedProxies = 0 } = options;
  const directory = createNodeDirectory(options.findNode);
  const agent = new Agent({ keepAlive: true });
  const open = new Set<Duplex>();
  let closed = false;

  type Forward = (to: { target: string; clientAddress: string; host: string | undefined }) => Promise<unknown>;

  /** Finds the node and forwards to it. One that refuses may have come back at another address meanwhile. */
  async function carry(request: IncomingMessage, nodeId: string, forward: Forward): Promise<void> {
    const client = clientOf(request, trustedProxies);
    const target = await directory.find(nodeId);
    if (target === undefined) throw notFound();
    try {
      await forward({ target, ...client });
    } catch (cause) {
      directory.forget(nodeId);
      const next = errorCode(cause) === 'ECONNREFUSED' && !hasBody(request) ? await directory.find(nodeId) : undefined;
      if (next === undefined || next === target) throw unavailable(cause);
      await forward({ target: next, ...client }).catch((again: unknown) => {
        directory.forget(nodeId);
        throw unavailable(again);
      });
    }
  }

  const middleware: RequestHandler = async (request, response, next) => {
    const nodeId = ADDRESS.exec(request.url)?.[1];
    if (nodeId === undefined) {
      next();
      return;
    }
    contextOf(response).route = ROUTE;
    await carry(request, nodeId, (to) =>
      forwardRequest(request, response, { ...to, deadlineMs: ANSWER_DEADLINE_MS, agent }),
    );
  };

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const nodeId = ADDRESS.exec(request.url ?? '')?.[1];
    if (nodeId === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket') throw notFound();
    if (closed) throw unavailable(undefined);
    await carry(request, nodeId, (to) =>
      forwardUpgrade(request, socket, head, { ...to, deadlineMs: UPGRADE_DEADLINE_MS }),
    );
  }

  return {
    middleware,
    attach(server) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
        socket.on('error', () => socket.destroy());
        upgrade(request, socket, head).catch((error: unknown) => {
          log.debug({ err: error }, 'A WebSocket was refused');
          refuse(socket, error);
        });
      });
    },
    close() {
      closed = true;
      for (const socket of open) socket.destroy();
      agent.destroy();
    },
  };
}

/** Each proxy adds whom it was asked by to the end; only the last `trusted` entries were written by ours. */
function clientOf(request: IncomingMessage, trusted: number): { clientAddress: string; host: string | undefined } {
  const claimed = request.headers['x-forwarded-for'];
  const chain = (Array.isArray(claimed) ? claimed.join(',') : (claimed ?? '')).split(',').map((part) => part.trim());
  const addresses = [...chain.filter((part) => part !== ''), request.socket.remoteAddress ?? ''];
  const asked = trusted > 0 ? request.headers['x-forwarded-host'] : undefined;
  return {
    clientAddress: addresses.at(-1 - Math.min(trusted, addresses.length - 1)) ?? '',
    host: typeof asked === 'string' ? asked : request.headers.host,
  };
}

function refuse(socket: Duplex, thrown: unknown): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = toProblem(thrown, '');
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

function notFound(): AppError {
  return new AppError({
    code: 'media_node_not_found',
    kind: 'not_found',
    message: 'There is no media node of this name. Ask for the call again.',
  });
}

function unavailable(cause: unknown): AppError {
  return new AppError({
    code: 'media_node_unavailable',
    kind: 'unavailable',
    retryable: true,
    message: 'The media node of this call does not answer.',
    cause,
  });
}
