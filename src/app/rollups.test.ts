import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTestDatabase } from '../testing/test-database.ts';
import { rollupsOnce } from './rollups.ts';

it('the command counts the figures anew, and tells how far behind they are', async (t) => {
  const { knex, url } = await createTestDatabase(t);
  const said: string[] = [];
  const run = (...args: string[]): Promise<void> =>
    rollupsOnce({ DATABASE_URL: url, LOG_LEVEL: 'silent' }, args, (text) => said.push(text));
  await knex('revenue_daily').insert({
    period: '2025-12-01',
    engine: '*',
    language: '*',
    sessions: 1,
    billed_minutes: 1,
    talked_sec: 60,
    list_kopecks: 500,
    recognized_kopecks: 0,
    free_hundredths: 100,
  });
  await run('rebuild');
  await run();
  assert.deepEqual(said, ['Counted anew: 0 sessions, 0 credits and reversals.', 'The figures are up to date.']);
  assert.deepEqual(await knex('revenue_daily').select(), []);
  await assert.rejects(run('mend'), { code: 'usage' });
});
