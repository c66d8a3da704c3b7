import { createServer, type RequestListener, type Server } from 'node:http';
import { AppError, errorCode } from '../errors.ts';

export interface HttpServer {
  readonly server: Server;
  readonly port: number;
  /** `http://<host>:<port>`, as this machine reaches it. */
  readonly url: string;
  /** Stops listening, lets requests under way finish, then cuts what is left. Idempotent. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly app: RequestListener;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** The variable to name when the port is taken. */
  readonly portVariable?: string;
  /** How long requests under way may still take when closing. */
  readonly graceMs?: number;
  /** By when a whole request must have arrived. Default 30 s. */
  readonly requestTimeoutMs?: number;
}

/** @throws AppError `port_taken`, `port_not_allowed` */
export async function listen(options: ListenOptions): Promise<HttpServer> {
  const { app, host, port, portVariable = 'PORT', graceMs = 3_000, requestTimeoutMs = 30_000 } = options;
  const server = createServer(app);
  // Slow senders hold a socket, not more: a whole request must have arrived in time.
  server.headersTimeout = 10_000;
  server.requestTimeout = requestTimeoutMs;
  server.keepAliveTimeout = 65_000;

  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  try {
    await listening;
  } catch (cause) {
    throw explain(cause, host, port, portVariable);
  }
  server.off('error', reject);

  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server has no port');
  const { port: bound, family } = address;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : family === 'IPv6' ? `[${host}]` : host;
  let closing: Promise<void> | undefined;
  return {
    server,
    port: bound,
    url: `http://${name}:${bound}`,
    close: () => (closing ??= closeServer(server, graceMs)),
  };
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

function explain(cause: unknown, host: string, port: number, variable: string): unknown {
  const code = errorCode(cause);
  if (code === 'EADDRINUSE') {
    return new AppError({
      code: 'port_taken',
      kind: 'unavailable',
      message: `Port ${port} on ${host} is taken by another program. Stop it, or choose another port with ${variable}.`,
      cause,
    });
  }
  if (code === 'EACCES') {
    return new AppError({
      code: 'port_not_allowed',
      kind: 'unavailable',
      message: `This user may not listen on port ${port}. Choose one above 1023 with ${variable}.`,
      cause,
    });
  }
  return cause;
}
