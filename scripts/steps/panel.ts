import { existsSync } from 'node:fs';
import path from 'node:path';
import { rm } from 'node:fs/promises';
import { fingerprint, readStamp, replace, writeStamp } from '../fingerprint.ts';
import { panelFolder, type Place } from '../place.ts';
import type { Step } from '../step.ts';

const BUILD_TIMEOUT_MS = 5 * 60_000;

/** The components of the back office, bundled ahead: no serving process does it. */
export function panel(place: Place): Step {
  const { root } = place;
  const target = panelFolder(place);
  const stamp = `${target}.stamp`;
  const admin = path.join(root, 'src', 'admin');
  const bundler = path.join(root, 'scripts', 'bundle-panel.ts');
  const inputs = (): Promise<string> =>
    fingerprint([
      ...['components', 'components.ts', 'look', 'pages'].map((name) => path.join(admin, name)),
      bundler,
      path.join(root, 'package-lock.json'),
    ]);

  return {
    name: 'panel',
    title: 'back office',
    isDone: async () => existsSync(path.join(target, 'bundle.js')) && (await readStamp(stamp)) === (await inputs()),
    async run(context) {
      const from = await inputs();
      const next = `${target}.next`;
      await rm(stamp, { force: true });
      await rm(next, { recursive: true, force: true });
      await context.command(process.execPath, [bundler], {
        cwd: root,
        environment: { ...process.env, NODE_ENV: 'production', ADMIN_JS_TMP_DIR: next },
        timeoutMs: BUILD_TIMEOUT_MS,
        onLine: (line) => context.progress(line.trim()),
      });
      await replace(next, target);
      await writeStamp(stamp, from);
    },
    remedy: () => `rm -rf '${target}.next'`,
  };
}
