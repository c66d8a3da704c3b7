import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase } from '../testing/test-database.ts';
import { asDatabaseUnavailable, connectDatabase } from './database.ts';

test('int8 is a number, numeric and date stay text', async (t) => {
  const { knex } = await createTestDatabase(t);
  const { rows } = await knex.raw(
    `SELECT 9007199254740991::int8 AS int8, 0.10::numeric AS numeric, DATE '2026-01-31' AS date`,
  );
  assert.deepEqual({ ...rows[0] }, { int8: 9_007_199_254_740_991, numeric: '0.10', date: '2026-01-31' });
});

test('an int8 beyond what a number carries is an error, not another number', async (t) => {
  const { knex } = await createTestDatabase(t);
  await assert.rejects(knex.raw('SELECT 9007199254740993::int8 AS big'), RangeError);
});

test('a database that is not there is told as unavailable, other errors are not', async (t) => {
  const away = connectDatabase({ url: 'postgres://a:b@127.0.0.1:1/c', poolSize: 1, applicationName: 'test' });
  t.after(() => away.close());
  const refused: unknown = await away.knex.raw('SELECT 1').catch((error: unknown) => error);
  assert.equal(asDatabaseUnavailable(refused)?.code, 'database_unavailable');

  const { knex } = await createTestDatabase(t);
  const wrong: unknown = await knex.raw('SELECT nothing').catch((error: unknown) => error);
  assert.ok(wrong instanceof Error);
  assert.equal(asDatabaseUnavailable(wrong), undefined);
});

test('every connection of a pool is the application role, and closing twice is fine', async (t) => {
  const { url } = await createTestDatabase(t);
  const database = connectDatabase({ url, poolSize: 3, applicationName: 'test' });
  t.after(() => database.close());
  const roles = await Promise.all(
    Array.from({ length: 3 }, () => database.knex.raw('SELECT current_user AS role, pg_sleep(0.02)')),
  );
  assert.deepEqual(new Set(roles.map(({ rows }) => rows[0].role)), new Set(['ailingva_app']));
  await database.close();
  await database.close();
});
