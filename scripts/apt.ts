import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { programExists } from './command.ts';
import type { StepContext } from './step.ts';

const APT_TIMEOUT_MS = 20 * 60_000;
/** Another apt-get (a machine's own updates, just after it started) may hold the lock: waited for. */
const LOCK_TIMEOUT_SECONDS = 300;

/** Those of the packages that are not installed, asked of dpkg, which needs no rights and takes milliseconds. */
export function missingPackages(names: readonly string[]): Promise<string[]> {
  return new Promise((resolve) => {
    // It answers with an error when it knows one of the names not at all; what it knows is printed all the same.
    execFile('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names], (_error, stdout) => {
      const installed = new Set(
        stdout
          .split('\n')
          .filter((line) => line.endsWith(' installed'))
          .map((line) => line.split(' ')[0]),
      );
      resolve(names.filter((name) => !installed.has(name)));
    });
  });
}

/** What a person types to install them. */
export function installCommand(names: readonly string[]): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${names.join(' ')}`;
}

/**
 * Installs what is missing, and calls apt only for that.
 * @throws Error where there is no apt-get, or no right to use it; CommandFailed with apt's own words
 */
export async function installPackages(names: readonly string[], root: string, context: StepContext): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  if (!(await programExists('apt-get', root))) {
    throw new Error(
      `this is no Debian or Ubuntu (no apt-get). Install what these packages hold: ${missing.join(', ')}`,
    );
  }
  const needsSudo = process.getuid?.() !== 0;
  if (needsSudo && !(await programExists('sudo', root))) {
    throw new Error(`neither root nor sudo. Ask an administrator for: ${installCommand(missing)}`);
  }
  const apt = (...args: readonly string[]): Promise<void> => {
    const command = [
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-o',
      `DPkg::Lock::Timeout=${LOCK_TIMEOUT_SECONDS}`,
      ...args,
    ];
    const [program = 'env', ...rest] = needsSudo ? ['sudo', ...command] : command;
    return context.command(program, rest, {
      cwd: root,
      timeoutMs: APT_TIMEOUT_MS,
      onLine: (line) => context.progress(line.trim()),
    });
  };
  const install = (): Promise<void> => apt('install', '-y', '--no-install-recommends', ...missing);

  if (!(await hasLists())) await apt('update');
  try {
    await install();
  } catch {
    // The lists may be old: the mirror then no longer has the versions that they name. Once more, with new ones.
    context.signal.throwIfAborted();
    await apt('update');
    await install();
  }
}

/** A fresh container has no package lists. */
async function hasLists(): Promise<boolean> {
  const files = await readdir('/var/lib/apt/lists').catch(() => []);
  return files.some((file) => file.includes('_Packages'));
}
