import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError, errorCode } from './errors.ts';

/** One of its kind for a folder: what holds the file, and how it is given back. */
export interface PidFile {
  release(): Promise<void>;
}

/**
 * Takes the file for this process. One left behind by a killed process is taken over: it names, besides the process's
 * number, when that process started, because numbers are used again.
 * @throws AppError `already_running`, naming the process; `folder_not_writable`
 */
export async function takePidFile(file: string, what: string): Promise<PidFile> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw notWritable(what, folder, cause);
  });
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFile(file, await identify(process.pid), { flag: 'wx' });
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' || attempt > 5) throw notWritable(what, folder, error);
    }
    const holder = await pidFileHolder(file);
    if (holder !== undefined) {
      throw new AppError({
        code: 'already_running',
        kind: 'conflict',
        message: `${what} runs already (process ${holder}). Stop it with ./ailingva down, or give this one another DATA_DIR.`,
      });
    }
    await rm(file, { force: true });
  }
}

function notWritable(what: string, folder: string, cause: unknown): AppError {
  return new AppError({
    code: 'folder_not_writable',
    kind: 'unavailable',
    message: `${what} cannot write to ${folder} (${errorCode(cause)}). Let user ${process.getuid?.()} write there, or choose another folder with DATA_DIR.`,
    cause,
  });
}

/** The living process that holds the file; `undefined` when there is none, or only the trace of a killed one. */
export async function pidFileHolder(file: string): Promise<number | undefined> {
  const holder = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(holder, 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return isAlive(pid) && (await identify(pid)) === holder ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** The number and the start time: field 22 of proc_pid_stat(5), where there is a /proc. */
async function identify(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${pid} ${afterName[19] ?? 'unknown'}\n`;
}
