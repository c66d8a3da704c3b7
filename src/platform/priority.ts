import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Logger } from './log.ts';

/** Above everything of an ordinary user, below what the kernel needs. */
const AUDIO_NICENESS = -11;

/** Linux may schedule sessions against each other, whatever their processes' niceness (`man 7 sched`, "The autogroup feature"). */
const AUTOGROUP = '/proc/self/autogroup';

/**
 * Asks the system to run this process, and those that it starts from now on, before others: a packet that waits for a
 * core behind a query or a build is late. Only root (or CAP_SYS_NICE) may; elsewhere nothing changes.
 *
 * Where Linux groups by session, a niceness counts within the session alone, and each of PostgreSQL's backends has one of its own:
 * then the session is preferred too, if it is ours, as the supervisor's children have it.
 */
export function preferThisProcess(log: Logger): void {
  try {
    setPriority(AUDIO_NICENESS);
    if (existsSync(AUTOGROUP) && leadsItsSession()) writeFileSync(AUTOGROUP, String(AUDIO_NICENESS));
  } catch (error) {
    log.debug({ err: error }, 'The system does not let this process run before others');
  }
}

function leadsItsSession(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // Behind the program's name, which may hold anything: state, parent, group, session (`man 5 proc_pid_stat`).
  const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  return session === String(process.pid);
}
