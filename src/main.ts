import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { loadConfig, loadServiceConfig } from './platform/config.ts';
import { AppError } from './platform/errors.ts';
import type { Service } from './platform/service.ts';

/**
 * The process types. Each is loaded only where it runs: audio's modules are not the web process's, nor the other way
 * round. `node src/main.ts up | web | media | jobs | migrate | reconcile | rollups`
 */
const verbs: Readonly<Record<string, () => Promise<void>>> = {
  async up() {
    const { up } = await import('./app/up.ts');
    // What is still open belongs to nobody: the processes and PostgreSQL have ended.
    process.exit(await up(process.env, (text) => process.stdout.write(`${text}\n`)));
  },
  async web() {
    const config = loadServiceConfig(process.env);
    const [{ runService }, { startWeb }] = await Promise.all([import('./platform/service.ts'), import('./app/web.ts')]);
    const start = async (service: Service) => {
      const facts = await startWeb(config, service);
      // Without a supervisor to tell it to, the first administrator's password is told to the terminal.
      if (!process.connected && facts['admin_password'] !== undefined) {
        process.stdout.write(`First administrator: ${facts['admin_email']}, password ${facts['admin_password']}\n`);
      }
      return facts;
    };
    await runService({ name: 'web', config, start });
  },
  async media() {
    const config = loadServiceConfig(process.env);
    const [{ runService }, { startMedia }] = await Promise.all([
      import('./platform/service.ts'),
      import('./app/media.ts'),
    ]);
    await runService({ name: config.media.nodeId, config, start: (service) => startMedia(config, service) });
  },
  async jobs() {
    const config = loadServiceConfig(process.env);
    const [{ runService }, { startJobs }] = await Promise.all([
      import('./platform/service.ts'),
      import('./app/jobs.ts'),
    ]);
    await runService({ name: 'jobs', config, start: (service) => startJobs(config, service) });
  },
  async migrate() {
    const { migrateOnce } = await import('./app/migrate.ts');
    await migrateOnce(process.env, (text) => process.stdout.write(`${text}\n`));
  },
  async reconcile() {
    const { reconcileOnce } = await import('./app/reconcile.ts');
    process.exitCode = await reconcileOnce(process.env, process.argv.slice(3), (text) =>
      process.stdout.write(`${text}\n`),
    );
  },
  async rollups() {
    const { rollupsOnce } = await import('./app/rollups.ts');
    await rollupsOnce(process.env, process.argv.slice(3), (text) => process.stdout.write(`${text}\n`));
  },
};

try {
  const [verb = ''] = process.argv.slice(2);
  const run = verbs[verb];
  if (run === undefined) {
    process.stderr.write(`Usage: node src/main.ts ${Object.keys(verbs).join(' | ')}\n`);
    process.exitCode = 2;
  } else {
    enableCompileCache(path.join(loadConfig(process.env).dataDir, 'compile-cache'));
    await run();
  }
} catch (error) {
  const text = error instanceof AppError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`\n${text}\n`);
  process.exit(1);
}
