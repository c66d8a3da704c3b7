import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const LOOK_AGAIN_MS = 300;

export interface LockOptions {
  /** Called once when another process holds it. */
  readonly onWait: (holder: number) => void;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Two set-ups in one checkout would build into each other. The file names its owner's process; one that was killed leaves it
 * behind, and the next owner takes it over.
 * @returns what gives it back
 */
export async function lockSetup(file: string, options: LockOptions): Promise<() => Promise<void>> {
  const deadline = performance.now() + options.timeoutMs;
  let told = false;
  await mkdir(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      await writeFile(file, await identify(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await holderOf(file);
    if (holder === undefined) {
      await rm(file, { force: true });
      continue;
    }
    if (performance.now() > deadline) throw new Error(`another set-up (process ${holder}) is still at work`);
    if (!told) options.onWait(holder);
    told = true;
    await wait(LOOK_AGAIN_MS, undefined, { signal: options.signal });
  }
}

/** The living process that holds the lock. */
async function holderOf(file: string): Promise<number | undefined> {
  const holder = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(holder, 10);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return (await identify(pid)) === holder ? pid : undefined;
}

/** A process's number and, because numbers are used again, when it started (field 22 of proc_pid_stat(5)). */
async function identify(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${pid} ${afterName[19] ?? 'gone'}\n`;
}
