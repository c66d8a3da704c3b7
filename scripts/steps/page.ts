import { existsSync } from 'node:fs';
import path from 'node:path';
import { rm } from 'node:fs/promises';
import { fingerprint, readStamp, replace, writeStamp } from '../fingerprint.ts';
import { pageFolder, type Place } from '../place.ts';
import type { Step } from '../step.ts';

const BUILD_TIMEOUT_MS = 5 * 60_000;

/** The learner's page, bundled by Vite. */
export function page(place: Place): Step {
  const { root } = place;
  const target = pageFolder(place);
  // Beside the page and not in it: whatever stands in it is served.
  const stamp = `${target}.stamp`;
  // The protocol is the one file that page and server share.
  const inputs = (): Promise<string> =>
    fingerprint([
      path.join(root, 'web'),
      path.join(root, 'src', 'media', 'protocol.ts'),
      path.join(root, 'package-lock.json'),
    ]);

  return {
    name: 'page',
    title: 'learner’s page',
    isDone: async () => existsSync(path.join(target, 'index.html')) && (await readStamp(stamp)) === (await inputs()),
    async run(context) {
      const from = await inputs();
      const next = `${target}.next`;
      await rm(stamp, { force: true });
      await rm(next, { recursive: true, force: true });
      await context.command(
        process.execPath,
        [
          path.join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
          'build',
          path.join(root, 'web'),
          '--outDir',
          next,
          '--emptyOutDir',
        ],
        {
          cwd: root,
          // Vite takes React's slow and large form for development where the environment names that.
          environment: { ...process.env, NODE_ENV: 'production' },
          timeoutMs: BUILD_TIMEOUT_MS,
          onLine: (line) => context.progress(line.trim()),
        },
      );
      await replace(next, target);
      await writeStamp(stamp, from);
    },
    remedy: () => `rm -rf '${path.join(root, 'node_modules', '.vite')}'`,
  };
}
