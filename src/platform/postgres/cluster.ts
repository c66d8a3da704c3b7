import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError, errorCode } from '../errors.ts';
import type { Binaries } from './binaries.ts';
import type { ClusterPlace } from './owner.ts';

/** The files of one cluster: making them, and what can be done to them while no server runs. */

const OWNER = 'ailingva';

export interface Cluster {
  readonly place: ClusterPlace;
  readonly binaries: Binaries;
  /** The folder of the cluster's files. */
  readonly data: string;
  readonly password: string;
  /** False: nothing waits for the disk. */
  readonly durable: boolean;
}

/** Carries the password. */
export function urlOf({ password }: Pick<Cluster, 'password'>, port: number, database: string): string {
  return `postgres://${OWNER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/**
 * Whether there is a cluster.
 * @throws AppError `postgres_other_version` when another major version made it
 */
export async function clusterExists({ data, binaries: { version } }: Cluster): Promise<boolean> {
  const madeBy = (await readIfThere(path.join(data, 'PG_VERSION')))?.trim();
  if (madeBy === undefined) return false;
  if (version.startsWith(`${madeBy}.`)) return true;
  throw new AppError({
    code: 'postgres_other_version',
    kind: 'conflict',
    message: `The database was made by PostgreSQL ${madeBy}, this checkout brings ${version}. Dump it with the old checkout first.`,
  });
}

/** Made aside and moved into place, so that an interrupted one is never taken for a whole. */
export async function makeCluster({ place, binaries, data, password, durable }: Cluster): Promise<void> {
  const draft = `${data}.part`;
  const passwordFile = path.join(place.home, 'password.part');
  await rm(draft, { recursive: true, force: true });
  await rm(data, { recursive: true, force: true });
  try {
    await rm(passwordFile, { force: true });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    await giveAway(passwordFile, place);
    await runProgram(binaries.initdb, place, [
      `--pgdata=${draft}`,
      `--username=${OWNER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // Without these the encoding is the environment's, often SQL_ASCII, and Russian neither sorts nor searches.
      '--encoding=UTF8',
      '--locale-provider=icu',
      '--icu-locale=ru-RU',
      '--locale=C.UTF-8',
      ...(durable ? [] : ['--no-sync']),
    ]);
    await rename(draft, data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** In single-user mode PostgreSQL asks for no password; it needs the files to itself. */
export async function resetPassword({ place, binaries, data, password }: Cluster): Promise<void> {
  const statement = `ALTER ROLE ${OWNER} PASSWORD '${password}';\n`;
  await runProgram(binaries.postgres, place, ['--single', '-D', data, 'postgres'], statement);
}

async function runProgram(file: string, place: ClusterPlace, parameters: string[], input = ''): Promise<void> {
  const child = spawn(file, parameters, { ...place.owner, cwd: place.home, env: quietEnvironment(), stdio: 'pipe' });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  try {
    const [code]: unknown[] = await once(child, 'close');
    if (code !== 0) throw failed(`${path.basename(file)} failed`, Buffer.concat(said).toString('utf8'));
  } finally {
    clearTimeout(timer);
  }
}

/** PG… variables of the caller's shell would change what the programs do; messages come in one language. */
export function quietEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

async function giveAway(file: string, { owner }: ClusterPlace): Promise<void> {
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(file, owner.uid, owner.gid);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export function failed(what: string, said: string, cause?: unknown): AppError {
  return new AppError({
    code: 'postgres_failed',
    kind: 'unavailable',
    message: said === '' ? `${what}.` : `${what}:\n${said}`,
    cause,
  });
}
