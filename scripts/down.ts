import { setTimeout as wait } from 'node:timers/promises';
import { errorCode } from '../src/platform/errors.ts';
import { pidFileHolder } from '../src/platform/pid-file.ts';

const LOOK_AGAIN_MS = 100;

export interface DownOptions {
  /** How long the processes may take to end calls and stop PostgreSQL. */
  readonly timeoutMs: number;
  readonly say: (text: string) => void;
}

/**
 * Asks a running `up` to stop, and waits until it has.
 * @param pidFile what `up` holds while it runs
 * @returns whether nothing of it runs any more
 */
export async function bringDown(pidFile: string, { timeoutMs, say }: DownOptions): Promise<boolean> {
  const pid = await pidFileHolder(pidFile);
  if (pid === undefined) {
    say('Nothing runs here.');
    return true;
  }
  say(`Stopping (process ${pid}) …`);
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (errorCode(error) === 'EPERM') {
      say('It was started by another user, who may stop it. Next: sudo ./ailingva down');
      return false;
    }
    // It has just ended.
    if (errorCode(error) !== 'ESRCH') throw error;
  }
  const deadline = performance.now() + timeoutMs;
  while ((await pidFileHolder(pidFile)) === pid) {
    if (performance.now() > deadline) {
      say(`It still runs after ${timeoutMs / 1000} s. Next: kill -KILL ${pid}; the next \`./ailingva up\` recovers.`);
      return false;
    }
    await wait(LOOK_AGAIN_MS);
  }
  say('Stopped.');
  return true;
}
