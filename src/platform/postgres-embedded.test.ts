import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { isGone } from '../testing/process-tree.ts';
import { createSilentLogger } from './log.ts';
import { makeOpenFolder } from './postgres/owner.ts';
import { removeEmbeddedPostgres, startEmbeddedPostgres, type EmbeddedPostgres } from './postgres-embedded.ts';

async function dataFolder(t: TestContext): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ailingva-postgres-'));
  t.after(() => removeEmbeddedPostgres(dataDir));
  return dataDir;
}

function start(dataDir: string, durable = false): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, log: createSilentLogger(), durable });
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

test('what was written is there after a stop, at the same address', async (t) => {
  const dataDir = await dataFolder(t);
  const first = await start(dataDir);
  await query(first.url, `CREATE TABLE notes AS SELECT 'kept' AS text`);
  await first.stop();
  await first.stop();
  await assert.rejects(query(first.url, 'SELECT 1'), { code: 'ECONNREFUSED' });
  const second = await start(dataDir);
  t.after(() => second.stop());
  assert.equal(second.url, first.url);
  assert.deepEqual(await query(second.url, 'SELECT text FROM notes'), [{ text: 'kept' }]);
});

test('it speaks UTF-8 and sorts Russian', async (t) => {
  const server = await start(await dataFolder(t));
  t.after(() => server.stop());
  assert.deepEqual(await query(server.url, 'SHOW server_encoding'), [{ server_encoding: 'UTF8' }]);
  const sorted = await query(
    server.url,
    `SELECT word FROM unnest(ARRAY['ёлка', 'яма', 'еда', 'Ель']) AS word ORDER BY word`,
  );
  assert.deepEqual(
    sorted.map(({ word }) => word),
    ['еда', 'ёлка', 'Ель', 'яма'],
  );
  assert.deepEqual(await query(server.url, `SELECT 'ПРИВЕТ' ILIKE 'привет' AS same`), [{ same: true }]);
});

test('a server killed with SIGKILL is recovered by the next start', async (t) => {
  const dataDir = await dataFolder(t);
  const killed = await start(dataDir, true);
  await query(killed.url, `CREATE TABLE notes AS SELECT 'kept' AS text`);
  process.kill(killed.pid, 'SIGKILL');
  await killed.ended;
  const next = await start(dataDir);
  t.after(() => next.stop());
  assert.deepEqual(await query(next.url, 'SELECT text FROM notes'), [{ text: 'kept' }]);
});

test('a server whose parent was killed is stopped, and its place taken', async (t) => {
  const dataDir = await dataFolder(t);
  const parent = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { startEmbeddedPostgres } from ${JSON.stringify(path.join(import.meta.dirname, 'postgres-embedded.ts'))};
       import { createSilentLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'log.ts'))};
       const dataDir = ${JSON.stringify(dataDir)};
       const server = await startEmbeddedPostgres({ dataDir, log: createSilentLogger(), durable: false });
       process.stdout.write(String(server.pid));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [pid]: unknown[] = await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  process.kill(Number(pid), 0);

  const next = await start(dataDir);
  t.after(() => next.stop());
  assert.notEqual(next.pid, Number(pid));
  // Ended, though whoever inherited it may not have noticed yet.
  assert.equal(isGone(Number(pid)), true);
  await query(next.url, 'SELECT 1');
});

test('its user can reach its programs, however strict the umask of who made the folders', async (t) => {
  const dataDir = await dataFolder(t);
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  const programs = path.join(dataDir, 'programs');
  await makeOpenFolder(programs);
  assert.equal((await stat(programs)).mode & 0o777, 0o755);
});

test("a stale pid file with a living stranger's number does not stop the start", async (t) => {
  const dataDir = await dataFolder(t);
  const server = await start(dataDir);
  const [row] = await query(server.url, 'SHOW data_directory');
  await server.stop();
  await writeFile(path.join(String(row?.['data_directory']), 'postmaster.pid'), `${process.pid}\n`);
  const next = await start(dataDir);
  t.after(() => next.stop());
  await query(next.url, 'SELECT 1');
});

test('secrets that were lost are made anew, and the data stays', { skip: process.getuid?.() !== 0 }, async (t) => {
  const dataDir = await dataFolder(t);
  const first = await start(dataDir);
  await query(first.url, `CREATE TABLE notes AS SELECT 'kept' AS text`);
  await first.stop();
  await rm(dataDir, { recursive: true });
  await mkdir(dataDir);
  const second = await start(dataDir);
  t.after(() => second.stop());
  assert.notEqual(new URL(second.url).password, new URL(first.url).password);
  assert.deepEqual(await query(second.url, 'SELECT text FROM notes'), [{ text: 'kept' }]);
});

test('the password is in a file that only its owner may read, and nobody connects without it', async (t) => {
  const dataDir = await dataFolder(t);
  const server = await start(dataDir);
  t.after(() => server.stop());
  const [secret] = await readdir(path.join(dataDir, 'secrets'));
  const { mode } = await stat(path.join(dataDir, 'secrets', String(secret)));
  assert.equal(mode & 0o777, 0o600);
  const wrong = new URL(server.url);
  wrong.password = 'wrong';
  await assert.rejects(query(wrong.href, 'SELECT 1'), { code: '28P01' });
});
