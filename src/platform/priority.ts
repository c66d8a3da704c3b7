import { setPriority } from 'node:os';
import type { Logger } from './log.ts';

/** Above everything of an ordinary user, below what the kernel needs. */
const AUDIO_NICENESS = -11;

/**
 * Asks the system to run this process, and those that it starts from now on, before others: a packet that waits for a
 * core behind a query or a build is late. Only root (or CAP_SYS_NICE) may; elsewhere nothing changes.
 */
export function preferThisProcess(log: Logger): void {
  try {
    setPriority(AUDIO_NICENESS);
  } catch (error) {
    log.debug({ err: error }, 'The system does not let this process run before others');
  }
}
