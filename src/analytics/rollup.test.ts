import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSilentLogger } from '../platform/log.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createAnalytics } from './index.ts';

it('smoke', async (t) => {
  const { knex } = await createTestDatabase(t);
  const analytics = createAnalytics({ knex, log: createSilentLogger() });
  assert.equal((await analytics.rollUp()).sessions, 0);
  assert.equal((await analytics.rebuild()).sessions, 0);
  assert.deepEqual(await analytics.lag(), { seconds: 0, rows: 0 });
});
