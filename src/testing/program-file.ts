import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/** A shell script that stands in for a program, for the time of a test. Answers its path. */
export async function programFile(t: TestContext, script: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'program-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'program');
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}
