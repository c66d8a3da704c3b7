import path from 'node:path';
import type { Config } from '../platform/config.ts';
import type { Logger } from '../platform/log.ts';
import { migrate } from '../platform/migrate.ts';
import { pidFileHolder, takePidFile } from '../platform/pid-file.ts';
import { addressOfEmbeddedPostgres, startEmbeddedPostgres } from '../platform/postgres-embedded.ts';

/** The configured database; else the embedded one: `up`'s while that runs, or started for this. */
export async function withDatabaseUrl<Result>(
  config: Config,
  log: Logger,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  if (config.databaseUrl !== undefined) return work(config.databaseUrl);
  const upFile = path.join(config.dataDir, 'up.pid');
  if ((await pidFileHolder(upFile)) !== undefined) return work(await addressOfEmbeddedPostgres(config.dataDir));
  const pidFile = await takePidFile(upFile, 'AIlingva');
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
    try {
      await migrate(postgres.url);
      return await work(postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    await pidFile.release();
  }
}
