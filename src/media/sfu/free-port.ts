import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Finds a port that is free now for both UDP and TCP on `ip`. Somebody else may take it before it is used, so the
 * caller tries again when it was.
 */
export async function findFreePort(ip: string): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const server = createServer().listen(0, ip);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
    try {
      const bound = once(socket, 'listening');
      socket.bind(port, ip);
      await bound;
      return port;
    } catch (error) {
      if (attempt >= 9) throw error;
    } finally {
      socket.close();
      server.close();
      await once(server, 'close');
    }
  }
}
