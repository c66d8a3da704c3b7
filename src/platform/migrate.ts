import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import pg from 'pg';
import { PROJECT_ROOT } from './config.ts';
import { connectDatabase } from './database.ts';
import { AppError, errorCode } from './errors.ts';

/** Any two numbers that no other advisory lock of ours uses. */
const LOCK_CLASS = 0x61_69;
const LOCK_ID = 1;

export interface MigrateOptions {
  /** Default: `migrations/` of the checkout. */
  readonly folder?: string;
  /** How long another migration under way is waited for. */
  readonly waitMs?: number;
}

/**
 * Brings the tables up to date, as the role that logs in, and returns the names of the migrations that ran.
 *
 * Two at once take turns by an advisory lock, which PostgreSQL gives back when its session ends, however it ends.
 * knex's own lock is a row in a table: a process killed while it holds it would lock everybody out for good. Whoever
 * holds the advisory lock may therefore free the row.
 * @throws AppError `migration_busy`, `migration_failed`, `database_newer`
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<readonly string[]> {
  const { folder = path.join(PROJECT_ROOT, 'migrations'), waitMs = 60_000 } = options;
  const session = new pg.Client({ connectionString: url, application_name: 'ailingva migrate lock' });
  // A connection lost while we wait or work is reported by the query that needs it.
  session.on('error', () => {});
  await session.connect();
  try {
    await lock(session, waitMs);
    return await run(url, folder);
  } finally {
    await session.end();
  }
}

async function lock(session: pg.Client, waitMs: number): Promise<void> {
  await session.query(`SET lock_timeout = ${Math.round(waitMs)}`);
  try {
    await session.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, LOCK_ID]);
  } catch (cause) {
    const lockNotAvailable = '55P03';
    if (errorCode(cause) !== lockNotAvailable) throw cause;
    throw new AppError({
      code: 'migration_busy',
      kind: 'unavailable',
      retryable: true,
      message: 'Another process has been migrating the database for too long. Look at pg_stat_activity.',
      cause,
    });
  }
}

async function run(url: string, folder: string): Promise<readonly string[]> {
  const database = connectDatabase({ url, poolSize: 2, applicationName: 'ailingva migrate', role: null });
  const { migrate: migrator } = database.knex;
  const source = new MigrationFolder(folder);
  const config: Knex.MigratorConfig = { migrationSource: source, tableName: 'migrations' };
  try {
    await refuseNewer(migrator, config);
    await migrator.forceFreeMigrationsLock(config);
    const [, names]: [number, string[]] = await migrator.latest(config);
    return names;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError({
      code: 'migration_failed',
      kind: 'internal',
      message: `A migration failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  } finally {
    await database.close();
  }
}

async function refuseNewer(migrator: Knex.Migrator, config: Knex.MigratorConfig): Promise<void> {
  const [completed]: [{ name: string }[], unknown[]] = await migrator.list({
    ...config,
    disableMigrationsListValidation: true,
  });
  const known = new Set(await config.migrationSource?.getMigrations([]));
  const unknown = completed.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new AppError({
    code: 'database_newer',
    kind: 'conflict',
    message: `The database has migrations that this checkout does not know (${unknown.join(', ')}): it is older.`,
  });
}

interface MigrationFile extends Knex.Migration {
  /** `{ transaction: false }` for what PostgreSQL refuses inside one, such as CREATE INDEX CONCURRENTLY. */
  readonly config?: { readonly transaction?: boolean };
}

/** Files `<time>_<name>.ts`, each exporting `up(knex)`. There is no way down: a mistake is corrected by a new one. */
class MigrationFolder implements Knex.MigrationSource<string> {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async getMigrations(): Promise<string[]> {
    const files = await readdir(this.#folder);
    return files
      .filter((file) => /^\d{12}_\w+\.ts$/.test(file))
      .map((file) => path.basename(file, '.ts'))
      .toSorted();
  }

  getMigrationName(name: string): string {
    return name;
  }

  async getMigration(name: string): Promise<Knex.Migration> {
    const file = path.join(this.#folder, `${name}.ts`);
    const { up, config }: Partial<MigrationFile> = await import(pathToFileURL(file).href);
    if (up === undefined) throw new TypeError(`The migration ${name} does not export up()`);
    return {
      up,
      down: () => Promise.reject(new Error('Migrations do not run backwards')),
      ...(config !== undefined && { config }),
    };
  }
}
