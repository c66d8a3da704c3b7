import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, errorCode } from '../errors.ts';

/**
 * What a killed parent leaves behind: a postmaster that still runs, or sessions whose postmaster was killed too.
 * Neither may be there when a new postmaster opens the same files. They are found by their working folder, which for
 * all of PostgreSQL's processes is the data folder: unlike a pid file's number, it cannot have become somebody else's.
 */
export async function clearLeftovers(dataDir: string, deadlineMs = 30_000): Promise<'clean' | 'cleared'> {
  const found = await processesIn(dataDir);
  const pidFile = path.join(dataDir, 'postmaster.pid');
  if (found.length > 0) {
    const postmaster = await pidIn(pidFile);
    if (postmaster !== undefined && found.includes(postmaster)) {
      // SIGINT is PostgreSQL's fast shutdown: sessions are cut, everything is written out.
      await endAll([postmaster], 'SIGINT', dataDir, deadlineMs);
    }
    // SIGQUIT is its immediate shutdown: for sessions without a postmaster it is the only one.
    await endAll(await processesIn(dataDir), 'SIGQUIT', dataDir, 5_000);
    const stubborn = await endAll(await processesIn(dataDir), 'SIGKILL', dataDir, 5_000);
    if (stubborn.length > 0) {
      throw new AppError({
        code: 'postgres_still_running',
        kind: 'conflict',
        message: `An earlier PostgreSQL does not stop (process ${stubborn.join(', ')}). End it, then start again.`,
      });
    }
  }
  // Nothing of ours runs, so the number in the file is nobody's, or by now a stranger's, whom PostgreSQL would respect.
  if (canSeeProcesses()) await rm(pidFile, { force: true });
  return found.length > 0 ? 'cleared' : 'clean';
}

async function pidIn(pidFile: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(pidFile, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function endAll(pids: number[], signal: NodeJS.Signals, dataDir: string, deadlineMs: number): Promise<number[]> {
  if (pids.length === 0) return [];
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
  }
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const alive = new Set(await processesIn(dataDir));
    const left = pids.filter((pid) => alive.has(pid));
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(20);
  }
}

/** Without /proc (macOS) nothing is found, and PostgreSQL's own check of its pid file has to do. */
function canSeeProcesses(): boolean {
  return process.platform === 'linux';
}

async function processesIn(dataDir: string): Promise<number[]> {
  if (!canSeeProcesses()) return [];
  const folder = await realpath(dataDir);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        return (await readlink(`/proc/${pid}/cwd`)) === folder ? Number(pid) : undefined;
      } catch {
        // Gone meanwhile, or another user's: not ours.
        return undefined;
      }
    }),
  );
  return found.filter((pid) => pid !== undefined);
}
