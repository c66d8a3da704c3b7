import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

const START_DEADLINE_MS = 60_000;

export interface RedisServer {
  readonly url: string;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Comes back at the same address, with everything that it had confirmed. */
  start(): Promise<void>;
}

/** The system's redis-server, on a port of its own on 127.0.0.1, with all its writes kept. Ends with the test. */
export async function startTestRedis(test: Pick<TestContext, 'after'>): Promise<RedisServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ailingva-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;

  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}/0`,
    async start() {
      const settings = [
        '--appendonly',
        'yes',
        '--appendfsync',
        'always',
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
      ];
      const address = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
      child = spawn('redis-server', [...address, ...settings], { stdio: 'ignore' });
      await once(child, 'spawn');
      await answers(port);
    },
    async kill() {
      const killed = child;
      child = undefined;
      if (killed === undefined || killed.exitCode !== null) return;
      const gone = once(killed, 'exit');
      killed.kill('SIGKILL');
      await gone;
    },
  };
  test.after(async () => {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });
  await server.start();
  return server;
}

async function answers(port: number): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!(await pong(port))) {
    if (performance.now() > deadline) throw new Error('redis-server does not answer');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** False too while it still reads its file. */
function pong(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.setTimeout(1_000, () => socket.destroy());
  socket.on('connect', () => socket.write('PING\r\n'));
  socket.on('data', (data) => {
    resolve(data.toString('latin1').startsWith('+PONG'));
    socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(false));
  return promise;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A server has no port');
  return address.port;
}
