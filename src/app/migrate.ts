import { loadConfig, type Environment } from '../platform/config.ts';
import { createLogger } from '../platform/log.ts';
import { migrate } from '../platform/migrate.ts';
import { startEmbeddedPostgres } from '../platform/postgres-embedded.ts';
import { takePidFile } from '../platform/pid-file.ts';
import path from 'node:path';

/**
 * Brings the tables up to date and ends. The embedded PostgreSQL is started for it, and stopped again; while `up` runs
 * it is `up`'s, which has migrated it already.
 */
export async function migrateOnce(environment: Environment, say: (text: string) => void): Promise<void> {
  const config = loadConfig(environment);
  if (config.databaseUrl !== undefined) {
    tell(await migrate(config.databaseUrl), say);
    return;
  }
  const log = createLogger({ ...config.log, process: 'migrate' });
  const pidFile = await takePidFile(path.join(config.dataDir, 'up.pid'), 'AIlingva');
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log, onProgress: say });
    try {
      tell(await migrate(postgres.url), say);
    } finally {
      await postgres.stop();
    }
  } finally {
    await pidFile.release();
  }
}

function tell(applied: readonly string[], say: (text: string) => void): void {
  say(applied.length === 0 ? 'The database is up to date.' : `Applied:\n  ${applied.join('\n  ')}`);
}
