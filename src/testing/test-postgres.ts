import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_ROOT } from '../platform/config.ts';
import { errorCode } from '../platform/errors.ts';
import { createLogger } from '../platform/log.ts';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../platform/postgres-embedded.ts';

export interface TestPostgres {
  /** For the variable TEST_DATABASE_URL: test files that find it share this server. */
  readonly url: string;
  /** Stops it and removes its files. Idempotent. */
  readonly stop: () => Promise<void>;
}

/**
 * A PostgreSQL for one run of tests: fast, not crash-safe, gone afterwards. The runner starts it once, before the test
 * files, and gives each of them its address:
 *
 *     const postgres = await startTestPostgres();
 *     try { await runTests({ ...process.env, TEST_DATABASE_URL: postgres.url }); } finally { await postgres.stop(); }
 *
 * A test file that finds no address starts its own (`test-database.ts`), so each can also be run alone.
 * What a killed run left behind is removed by the next.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = path.join(PROJECT_ROOT, '.local', 'test-postgres');
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder);

  const dataDir = path.join(folder, String(process.pid));
  const log = createLogger({ level: 'error', process: 'test' });
  const server = await startEmbeddedPostgres({ dataDir, log, durable: false });
  server.unref();
  // At exit nothing can be waited for: PostgreSQL's immediate shutdown, and the files are left to the next run.
  const abandon = () => void process.kill(server.pid, 'SIGQUIT');
  process.once('exit', abandon);

  const stop = async (): Promise<void> => {
    process.off('exit', abandon);
    await server.stop();
    await removeEmbeddedPostgres(dataDir);
  };
  let stopping: Promise<void> | undefined;
  return { url: server.url, stop: () => (stopping ??= stop()) };
}

/** Folders are named after the process that made them. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(name);
    if (Number.isInteger(pid) && !isAlive(pid)) await removeEmbeddedPostgres(path.join(folder, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
