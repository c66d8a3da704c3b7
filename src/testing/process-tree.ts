import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** The processes that `pid` started and that live, from Linux's own list. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A process's name, cut to 15 characters by Linux; empty when it is gone. */
export function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
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
  if (!existsSync(`/proc/${pid}`)) return true;
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
