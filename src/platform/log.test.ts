import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTestDatabase } from '../testing/test-database.ts';
import { describeError } from './log.ts';

it('tells of a refused row what was wrong, and nothing of what stood in it', async (test) => {
  const { knex } = await createTestDatabase(test);
  // Without a password: the database repeats the whole row in the error's detail, and knex would all values.
  const refusal: unknown = await knex('user_accounts')
    .insert({ email: 'anna@example.com' })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  assert.ok(refusal instanceof Error);
  const told = JSON.stringify(describeError(refusal));
  assert.match(told, /password_hash/);
  assert.match(told, /"code":"23502"/);
  assert.doesNotMatch(told, /anna@example/);
});
