import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './errors.ts';

export interface Secret {
  readonly value: string;
  /** It did not exist before. */
  readonly created: boolean;
}

/**
 * A secret of this installation: made once (256 random bits) and kept in `<dataDir>/secrets/<name>`, readable by its
 * owner alone. Two processes that ask at once get the same one.
 */
export async function keepSecret(dataDir: string, name: string): Promise<Secret> {
  const folder = path.join(dataDir, 'secrets');
  const file = path.join(folder, name);
  const existing = await readSecret(file);
  if (existing !== undefined) return { value: existing, created: false };

  await mkdir(folder, { recursive: true, mode: 0o700 });
  const value = randomBytes(32).toString('base64url');
  const draft = `${file}.${randomUUID()}.part`;
  await writeFile(draft, `${value}\n`, { mode: 0o600 });
  try {
    // A link appears whole or not at all, and refuses to replace another's.
    await link(draft, file);
    return { value, created: true };
  } catch (error) {
    const theirs = errorCode(error) === 'EEXIST' ? await readSecret(file) : undefined;
    if (theirs === undefined) throw error;
    return { value: theirs, created: false };
  } finally {
    await rm(draft, { force: true });
  }
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    const value = (await readFile(file, 'utf8')).trim();
    return value === '' ? undefined : value;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
