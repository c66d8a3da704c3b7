import assert from 'node:assert/strict';
import { it } from 'node:test';
import { insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { reconcileOnce } from './reconcile.ts';

it('the command reports, repairs when asked to, and says by its exit code whether the books agree', async (t) => {
  const { knex, url } = await createTestDatabase(t);
  const userId = await insertLearner(knex);
  const run = async (...args: string[]): Promise<[number, string]> => {
    const said: string[] = [];
    const code = await reconcileOnce({ DATABASE_URL: url, LOG_LEVEL: 'silent' }, args, (text) => said.push(text));
    return [code, said.join('\n')];
  };
  assert.deepEqual(await run(), [0, 'The books agree.']);

  await knex('user_profiles').update({ minutes_balance: 5 });
  const [code, report] = await run();
  assert.equal(code, 1);
  assert.match(report, /^balance_is_sum_of_ledger: 1$/m);
  assert.ok(report.includes(`user ${userId}: balance 5.00, ledger 0`), report);
  assert.match(report, /reconcile --repair/);

  const [repaired, outcome] = await run('--repair');
  assert.equal(repaired, 0);
  assert.match(outcome, /balance 5 → 0 min/);
  assert.deepEqual(await run('--repair'), [0, 'The books agree.']);
  await assert.rejects(run('--mend'), { code: 'usage' });
});
