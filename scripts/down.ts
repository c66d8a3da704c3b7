import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { pidFile, type Place } from './place.ts';

const LOOK_AGAIN_MS = 100;

export interface DownOptions {
  /** How long the processes may take to end calls and stop PostgreSQL. */
  readonly timeoutMs: number;
  readonly say: (text: string) => void;
}

/**
 * Asks a running `up` of this checkout to stop, and waits until it has.
 * @returns whether nothing of it runs any more
 */
export async function bringDown(place: Place, { timeoutMs, say }: DownOptions): Promise<boolean> {
  const pid = await runningUp(place);
  if (pid === undefined) {
    say('Nothing runs here.');
    return true;
  }
  say(`Stopping (process ${pid}) …`);
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + timeoutMs;
  while ((await runningUp(place)) === pid) {
    if (performance.now() > deadline) {
      say(`It still runs after ${timeoutMs / 1000} s. Next: kill -KILL ${pid}; the next \`./ailingva up\` recovers.`);
      return false;
    }
    await wait(LOOK_AGAIN_MS);
  }
  say('Stopped.');
  return true;
}

/** The process of this checkout's `up`. A number left behind by a killed one may be anybody's by now: asked of /proc. */
export async function runningUp(place: Place): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(pidFile(place), 'utf8').catch(() => ''), 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const [folder, commandLine] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
  ]);
  const args = commandLine.split('\0');
  const ours = folder === place.root && args.some((arg) => arg.endsWith('src/main.ts')) && args.includes('up');
  return ours ? pid : undefined;
}
