import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { PROJECT_ROOT } from '../platform/config.ts';
import { connectDatabase, type Database } from '../platform/database.ts';
import { migrate } from '../platform/migrate.ts';
import { startTestPostgres } from './test-postgres.ts';

export interface TestDatabase extends Database {
  /** Logs in as the owner, who may do everything; for migrations and for looking behind the application. */
  readonly url: string;
}

/**
 * A migrated database for one test, connected as the application's own role, and dropped after the test.
 * It is a copy of a template that is migrated once for each server, so it costs some ten milliseconds.
 */
export async function createTestDatabase(test: Pick<TestContext, 'after'>): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createDatabase(name, await template());
  const database = connectDatabase({ url, poolSize: 10, applicationName: 'ailingva test' });
  test.after(async () => {
    await database.close();
    await dropDatabase(name);
  });
  return { ...database, url };
}

/** An empty database, without tables; for what migrates by itself. Answers its address. */
export async function createEmptyDatabase(test: Pick<TestContext, 'after'>): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createDatabase(name, 'template0');
  test.after(() => dropDatabase(name));
  return url;
}

// One server and one template for each process, asked for by any number of tests at once.
let serverUrl: Promise<string> | undefined;
let templateName: Promise<string> | undefined;

function server(): Promise<string> {
  serverUrl ??= process.env['TEST_DATABASE_URL'] ? Promise.resolve(process.env['TEST_DATABASE_URL']) : startOwnServer();
  return serverUrl;
}

async function startOwnServer(): Promise<string> {
  const { url, stop } = await startTestPostgres();
  // Runs when nothing is left to do, that is, after the last test of the file.
  process.once('beforeExit', () => void stop());
  return url;
}

function template(): Promise<string> {
  return (templateName ??= makeTemplate());
}

/** Test files run at the same time: the first one makes the template, under a lock, the others wait. */
async function makeTemplate(): Promise<string> {
  const name = `template_${await fingerprintOfMigrations()}`;
  await withServer(async (client) => {
    await client.query(`SELECT pg_advisory_lock(hashtext('ailingva test template'))`);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    // Takes its name only when it is whole.
    const draft = `${name}_part`;
    await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${draft} TEMPLATE template0`);
    await migrate(await urlOf(draft));
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
  });
  return name;
}

async function fingerprintOfMigrations(): Promise<string> {
  const folder = path.join(PROJECT_ROOT, 'migrations');
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).toSorted())
    hash.update(file).update(await readFile(path.join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

async function createDatabase(name: string, from: string): Promise<string> {
  await withServer((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${from}`));
  return urlOf(name);
}

async function dropDatabase(name: string): Promise<void> {
  await withServer((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}

async function urlOf(database: string): Promise<string> {
  const url = new URL(await server());
  url.pathname = `/${database}`;
  return url.href;
}

async function withServer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: await server() });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
