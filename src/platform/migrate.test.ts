import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { createEmptyDatabase, createTestDatabase } from '../testing/test-database.ts';
import { connectDatabase } from './database.ts';
import { migrate } from './migrate.ts';

async function migrations(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ailingva-migrations-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, body] of Object.entries(files)) {
    await writeFile(path.join(folder, `${name}.ts`), `export async function up(knex) { ${body} }`);
  }
  return folder;
}

const FIRST = { '202601010000_first': `await knex.raw('create table first (id bigint)');` };
const SECOND = { '202601010001_second': `await knex.raw('create table second (id bigint)');` };

test('a second migration finds nothing to do', async (t) => {
  const url = await createEmptyDatabase(t);
  const folder = await migrations(t, { ...FIRST, ...SECOND });
  assert.deepEqual(await migrate(url, { folder }), ['202601010000_first', '202601010001_second']);
  assert.deepEqual(await migrate(url, { folder }), []);
});

test('several migrations at once run each file once', async (t) => {
  const url = await createEmptyDatabase(t);
  const folder = await migrations(t, { ...FIRST, ...SECOND });
  const ran = await Promise.all(Array.from({ length: 4 }, () => migrate(url, { folder })));
  assert.deepEqual(ran.flat().toSorted(), ['202601010000_first', '202601010001_second']);
});

test('a lock row left behind by a killed process does not stop the next one', async (t) => {
  const url = await createEmptyDatabase(t);
  await migrate(url, { folder: await migrations(t, FIRST) });
  const database = connectDatabase({ url, poolSize: 1, applicationName: 'test', role: null });
  t.after(() => database.close());
  await database.knex('migrations_lock').update({ is_locked: 1 });
  const folder = await migrations(t, { ...FIRST, ...SECOND });
  assert.deepEqual(await migrate(url, { folder }), ['202601010001_second']);
});

test('a migration that is under way for too long is named', async (t) => {
  const url = await createEmptyDatabase(t);
  const folder = await migrations(t, FIRST);
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query('SELECT pg_advisory_lock($1, 1)', [0x61_69]);
  await assert.rejects(migrate(url, { folder, waitMs: 50 }), { code: 'migration_busy', retryable: true });
  await other.end();
  assert.equal((await migrate(url, { folder })).length, 1);
});

test('a migration that fails leaves nothing of itself or of those before it', async (t) => {
  const url = await createEmptyDatabase(t);
  const broken = await migrations(t, {
    ...FIRST,
    '202601010001_broken': `await knex.raw('select nothing from nowhere');`,
  });
  await assert.rejects(migrate(url, { folder: broken }), { code: 'migration_failed', message: /nowhere/ });
  const folder = await migrations(t, FIRST);
  assert.deepEqual(await migrate(url, { folder }), ['202601010000_first']);
});

test('a database newer than the checkout is refused', async (t) => {
  const url = await createEmptyDatabase(t);
  await migrate(url, { folder: await migrations(t, { ...FIRST, ...SECOND }) });
  const older = await migrations(t, FIRST);
  await assert.rejects(migrate(url, { folder: older }), { code: 'database_newer', message: /202601010001_second/ });
});

test('the application is a role that owns nothing and cannot change tables', async (t) => {
  const { knex } = await createTestDatabase(t);
  const { rows } = await knex.raw('select current_user as role, session_user as login');
  assert.equal(rows[0].role, 'ailingva_app');
  assert.notEqual(rows[0].login, 'ailingva_app');
  await assert.rejects(knex.raw('create table mine (id int)'), { code: '42501' });
  await assert.rejects(knex.raw('drop table user_accounts'), { code: '42501' });
});
