import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATEST_SCHEMA_VERSION } from 'bullmq';
import { createTestDatabase } from '../testing/test-database.ts';

test('the application may put jobs in and take them out, and nothing else', async (t) => {
  const { knex } = await createTestDatabase(t);
  const denied = { code: '42501' };
  await assert.rejects(knex.raw('CREATE TABLE bullmq.thing (id integer)'), denied);
  await assert.rejects(knex.raw('DROP TABLE bullmq.job'), denied);
  await assert.rejects(knex.raw('TRUNCATE bullmq.job'), denied);
  await assert.rejects(knex.raw('UPDATE bullmq.migration SET version = 0'), denied);
  await assert.rejects(knex.raw('SELECT * FROM bullmq.relay_inbox'), denied);
  const { rows } = await knex.raw<{ rows: { relays: number }[] }>(
    `SELECT count(*)::integer AS relays FROM pg_tables
     WHERE schemaname = 'bullmq' AND tablename LIKE 'relay%' AND has_table_privilege(quote_ident(schemaname) || '.' || tablename, 'SELECT')`,
  );
  assert.equal(rows[0]?.relays, 0);
});

test('the migrations bring what the installed package needs', async (t) => {
  const { knex } = await createTestDatabase(t);
  const [row]: { version: number }[] = await knex('bullmq.migration').max('version as version');
  assert.equal(row?.version, LATEST_SCHEMA_VERSION);
});
