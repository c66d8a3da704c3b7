import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/**
 * The processes that `pid` started, those included that ended and that it has not asked for. Not every kernel keeps
 * Linux's own list of them (`/proc/PID/task/PID/children`).
 */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => statusOf(other)?.parent === pid);
}

/** A process's name, cut to 15 characters by Linux; empty when it is gone. */
export function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** The words that a process was started with; none when it is gone. */
export function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

/** Waits until `isTrue`, and fails after the deadline. */
export async function eventually(what: string, isTrue: () => boolean, deadlineMs = 30_000): Promise<void> {
  const until = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > until) throw new Error(`Not within ${deadlineMs} ms: ${what}`);
    await setTimeout(5);
  }
}

/** A process that ended and that nobody has asked for counts as gone. */
export function isGone(pid: number): boolean {
  const status = statusOf(pid);
  return status === undefined || status.state === 'Z';
}

/** From proc_pid_stat(5), behind the program's name, which may hold anything. `undefined` when it is gone. */
function statusOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
