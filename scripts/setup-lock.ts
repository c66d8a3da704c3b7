import { setTimeout as wait } from 'node:timers/promises';
import { errorCode } from '../src/platform/errors.ts';
import { pidFileHolder, takePidFile } from '../src/platform/pid-file.ts';

const LOOK_AGAIN_MS = 300;

export interface LockOptions {
  /** Called once when another process holds it. */
  readonly onWait: (holder: number) => void;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Two set-ups in one checkout would build into each other: the second waits for the first.
 * @returns what gives it back
 */
export async function lockSetup(file: string, options: LockOptions): Promise<() => Promise<void>> {
  const deadline = performance.now() + options.timeoutMs;
  let told = false;
  for (;;) {
    try {
      const taken = await takePidFile(file, 'A set-up');
      return () => taken.release();
    } catch (error) {
      if (errorCode(error) !== 'already_running' || performance.now() > deadline) throw error;
    }
    const holder = await pidFileHolder(file);
    if (holder !== undefined && !told) {
      options.onWait(holder);
      told = true;
    }
    await wait(LOOK_AGAIN_MS, undefined, { signal: options.signal });
  }
}
