import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * A SHA-256 (hex) over files and folders: names and contents, in a fixed order. Folders named `node_modules` or
 * `build` are left out. A path that is missing counts as such, so that its coming or going changes the sum.
 * @param extra whatever else decides about the result: a version, an architecture.
 */
export async function fingerprint(paths: readonly string[], extra: readonly string[] = []): Promise<string> {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(`${text}\0`);
  for (const start of paths) {
    const files = await filesOf(start);
    const contents = await Promise.all(files.map((file) => readFile(file)));
    for (const [index, file] of files.entries()) {
      hash.update(`${path.relative(path.dirname(start), file)}\0`);
      hash.update(contents[index] ?? '');
      hash.update('\0');
    }
  }
  return hash.digest('hex');
}

async function filesOf(start: string): Promise<string[]> {
  const entries = await readdir(start, { withFileTypes: true, recursive: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOTDIR')) return undefined;
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  if (entries === undefined) return [start];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/[/\\](node_modules|build)[/\\]/.test(path.relative(path.dirname(start), file)))
    .toSorted();
}

/** What was made says in a small file from what it was made; `undefined` when it does not. */
export async function readStamp(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text?.trim();
}

/** Written as the last act, and whole or not at all: a stamp without the thing would be a lie. */
export async function writeStamp(file: string, value: string): Promise<void> {
  const next = `${file}.${process.pid}`;
  await writeFile(next, `${value}\n`);
  await rename(next, file);
}

/** Puts a finished folder or file where it belongs. Between the two renames a reader finds nothing, never a half. */
export async function replace(finished: string, target: string): Promise<void> {
  const old = `${target}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(target, old).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
  await rename(finished, target);
  await rm(old, { recursive: true, force: true });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
