import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../errors.ts';

/** Who runs PostgreSQL, and where: it refuses to run as root. */
export interface ClusterPlace {
  /** Parent of the programs' copy. */
  readonly programs: string;
  /** Parent of the cluster's `data`; belongs to the owner. */
  readonly home: string;
  /** Where we write ourselves: the log, the port. The owner of the cluster has no way in. */
  readonly notes: string;
  /** Given to `spawn`; empty when it runs as ourselves. */
  readonly owner: { readonly uid?: number; readonly gid?: number };
}

const SYSTEM_FOLDER = '/var/lib/ailingva';
const SYSTEM_USER = 'postgres';

/**
 * As root: under /var/lib/ailingva, run by the user `postgres`, which is made when the system has none. Else: in the
 * data folder, run by whoever we are. The system's folder is named after the data folder, so that two never meet.
 */
export async function preparePlace(dataDir: string): Promise<ClusterPlace> {
  const notes = path.join(dataDir, 'postgres');
  await mkdir(notes, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return { programs: notes, home: notes, notes, owner: {} };
  const owner = (await findUser(SYSTEM_USER)) ?? (await makeUser());
  const home = path.join(SYSTEM_FOLDER, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  const programs = path.join(SYSTEM_FOLDER, 'programs');
  await makeOpenFolder(SYSTEM_FOLDER);
  await makeOpenFolder(programs);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chown(home, owner.uid, owner.gid);
  return { programs, home, notes, owner };
}

/** A folder that others may pass through, also where root's umask is strict, as hardened machines have it. */
export async function makeOpenFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
}

async function findUser(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

async function makeUser(): Promise<{ uid: number; gid: number }> {
  const options = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  try {
    await promisify(execFile)('useradd', [...options, SYSTEM_USER]);
  } catch (cause) {
    throw noUser(cause);
  }
  const user = await findUser(SYSTEM_USER);
  if (user === undefined) throw noUser(undefined);
  return user;
}

function noUser(cause: unknown): AppError {
  return new AppError({
    code: 'postgres_user_missing',
    kind: 'unavailable',
    message:
      'PostgreSQL does not run as root, and the user "postgres" could not be made. ' +
      'Make it (useradd --system postgres), run as another user, or set DATABASE_URL.',
    cause,
  });
}
