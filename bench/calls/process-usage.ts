import { readdir, readFile } from 'node:fs/promises';

/** What Linux says of a process in `/proc`. */

/** Ticks a second of the times in `/proc/PID/stat`; 100 on every Linux that Node runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/** User and system time so far, of all threads. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field, the program's name, may hold blanks and brackets: count from its end (man 5 proc).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export async function rssMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

/** The children of `parent` whose program is called `name`. */
export async function childrenNamed(parent: number, name: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const isOurs = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(parent);
      // Linux cuts the name to 15 characters.
      return isOurs && stat.includes(`(${name.slice(0, 15)})`) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

/** How long the main thread of a process has been ready to run and had no core (`Documentation/scheduler/sched-stats`). */
export async function coreWaitSeconds(pid: number): Promise<number> {
  const schedstat = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => '');
  return Number(schedstat.split(' ')[1] ?? Number.NaN) / 1e9;
}
