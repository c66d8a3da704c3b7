import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Knex } from 'knex';
import * as accounts from '../../../migrations/202611210900_accounts.ts';
import * as settings from '../../../migrations/202611210910_settings_and_audit.ts';
import * as wallet from '../../../migrations/202611210920_wallet.ts';
import * as referrals from '../../../migrations/202611211020_referrals.ts';
import { connectDatabase } from '../../platform/database.ts';
import { createEmptyDatabase } from '../../testing/test-database.ts';

async function register(knex: Knex, email: string): Promise<string> {
  const [account]: { id: string }[] = await knex('user_accounts')
    .insert({ email, password_hash: 'none' })
    .returning('id');
  assert.ok(account);
  return account.id;
}

it('who was there before invitations gets a code, and is known', async (t) => {
  const database = connectDatabase({
    url: await createEmptyDatabase(t),
    poolSize: 1,
    applicationName: 'ailingva test owner',
    role: null,
  });
  t.after(() => database.close());
  const { knex } = database;
  for (const { up } of [accounts, settings, wallet]) await up(knex);
  const first = await register(knex, 'ann@example.com');
  await register(knex, 'ann+2@example.com');
  const bob = await register(knex, 'bob@example.com');
  await referrals.up(knex);

  const codes: { code: string }[] = await knex('referral_codes').select('code');
  assert.equal(codes.length, 3);
  assert.equal(new Set(codes.map(({ code }) => code)).size, 3);
  const known: { first_account_id: string }[] = await knex('known_persons').select('first_account_id');
  assert.deepEqual(known.map(({ first_account_id: id }) => id).toSorted(), [first, bob].toSorted());

  await referrals.down(knex);
  assert.equal(await knex.schema.hasTable('referrals'), false);
});
