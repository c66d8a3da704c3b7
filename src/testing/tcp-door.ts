import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface TcpDoor {
  /** The target's address, by way of the door. */
  readonly url: string;
  open(): Promise<void>;
  /** Breaks what goes through, and refuses whoever comes. */
  shut(): Promise<void>;
}

/** A way to a server on this machine that a test shuts and opens. Shut at first. */
export async function createTcpDoor(test: Pick<TestContext, 'after'>, targetUrl: string): Promise<TcpDoor> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;

  const pass = (from: Socket): void => {
    const to = connect({ host: target.hostname, port: Number(target.port) });
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  };
  const open = async (): Promise<void> => {
    if (server !== undefined) return;
    server = createServer(pass);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('A server has no port');
    port = address.port;
  };
  const shut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = once(closing, 'close');
    closing.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  test.after(shut);
  // Finds its port.
  await open();
  await shut();
  const url = new URL(targetUrl);
  url.port = String(port);
  return { url: url.href, open, shut };
}
