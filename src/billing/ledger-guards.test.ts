import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connectDatabase } from '../platform/database.ts';
import { insertLearner } from '../testing/stored-learners.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { credit } from './ledger.ts';
import { wholeMinutes } from './minutes.ts';
import { NO_MONEY } from './money.ts';

/** SQLSTATEs: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const INSUFFICIENT_PRIVILEGE = { code: '42501' };
const RESTRICT_VIOLATION = { code: '23001' };
const CHECK_VIOLATION = { code: '23514' };
const UNIQUE_VIOLATION = { code: '23505' };

const APPEND_ONLY = [
  'wallet_transactions',
  'wallet_lot_allocations',
  'wallet_debt_settlements',
  'usage_sessions',
  'payment_returns',
  'audit_log',
  'settings_history',
];

async function setUp(t: TestContext) {
  const { knex, url } = await createTestDatabase(t);
  const userId = await insertLearner(knex);
  await knex.transaction((transaction) =>
    credit(transaction, {
      userId,
      type: 'gift',
      minutes: wholeMinutes(10),
      price: NO_MONEY,
      idempotencyKey: 'gift:1',
    }),
  );
  // One connection, so that what is SET holds for what follows.
  const owner = connectDatabase({ url, poolSize: 1, applicationName: 'ailingva test owner', role: null });
  t.after(() => owner.close());
  return { knex, userId, owner: owner.knex };
}

describe('what was written stands', () => {
  for (const table of APPEND_ONLY) {
    const changes = [`UPDATE ${table} SET id = id`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`].map((sql) =>
      table.startsWith('wallet_lot') || table.startsWith('wallet_debt')
        ? sql.replace('SET id = id', 'SET minutes = minutes')
        : sql,
    );

    it(`${table} takes no change from the application`, async (t) => {
      const { knex } = await setUp(t);
      for (const sql of changes) await assert.rejects(knex.raw(sql), INSUFFICIENT_PRIVILEGE, sql);
    });

    it(`${table} takes no change from its owner, replicating or not`, async (t) => {
      const { knex, owner } = await setUp(t);
      for (const role of ['origin', 'replica', 'local']) {
        await owner.raw(`SET session_replication_role = ${role}`);
        for (const sql of changes) await assert.rejects(owner.raw(sql), RESTRICT_VIOLATION, `${role}: ${sql}`);
      }
      assert.equal((await knex('wallet_transactions')).length, 1);
    });
  }

  it('takes no change through the tables it refers to', async (t) => {
    const { owner } = await setUp(t);
    await assert.rejects(owner.raw('TRUNCATE user_accounts CASCADE'), RESTRICT_VIOLATION);
    await assert.rejects(owner.raw('DELETE FROM user_accounts'), RESTRICT_VIOLATION);
  });
});

describe('the application’s role', () => {
  for (const sql of [
    'ALTER TABLE wallet_transactions DISABLE TRIGGER ALL',
    'DROP TABLE wallet_transactions CASCADE',
    'CREATE TABLE mine (id int)',
    'SET session_replication_role = replica',
    'DELETE FROM user_accounts',
    'DELETE FROM wallet_lots',
    'UPDATE wallet_lots SET minutes = 1000',
    'DELETE FROM calls',
    "INSERT INTO settings_history (key) VALUES ('x')",
    'UPDATE user_accounts SET id = uuidv7()',
    'INSERT INTO user_profiles (user_account_id, minutes_balance) VALUES (uuidv7(), 1000)',
  ]) {
    it(`may not ${sql}`, async (t) => {
      const { knex } = await setUp(t);
      await assert.rejects(knex.raw(sql), INSUFFICIENT_PRIVILEGE);
    });
  }
});

/** The ledger's next row, right but for `values`. */
function nextRow(userId: string, values: Record<string, unknown>) {
  return {
    user_account_id: userId,
    sequence: 2,
    type: 'gift',
    minutes_delta: '1.00',
    balance_after: '11.00',
    idempotency_key: 'gift:2',
    ...values,
  };
}

describe('the tables', () => {
  for (const [what, values] of [
    ['a gift that takes', { minutes_delta: '-1.00' }],
    ['a gift of nothing', { minutes_delta: '0.00' }],
    ['a usage that gives', { type: 'usage' }],
    ['a usage of nothing', { type: 'usage', minutes_delta: '0.00' }],
    ...(['deposit', 'trial', 'referral_reward', 'referral_welcome'] as const).map(
      (type) => [`a ${type} that takes`, { type, minutes_delta: '-1.00' }] as const,
    ),
    ['an adjustment of nothing', { type: 'adjustment', minutes_delta: '0.00', reason: 'because' }],
    ['an adjustment of nothing without a reason', { type: 'adjustment', minutes_delta: '0.00' }],
    ['an unknown type', { type: 'bonus' }],
    ['a balance below zero', { balance_after: '-0.01' }],
    ['a change that is no number', { minutes_delta: 'NaN' }],
    ['a balance that is no number', { balance_after: 'NaN' }],
    ['a reversal of nothing', { type: 'reversal' }],
    ['a sequence from zero', { sequence: 0 }],
    ['an empty key', { idempotency_key: '' }],
  ] as const) {
    it(`take no ledger row with ${what}`, async (t) => {
      const { knex, userId } = await setUp(t);
      await assert.rejects(knex('wallet_transactions').insert(nextRow(userId, values)), CHECK_VIOLATION);
    });
  }

  it('take each place and each key in the ledger once, and one trial a user', async (t) => {
    const { knex, userId } = await setUp(t);
    const ledger = () => knex('wallet_transactions');
    await assert.rejects(ledger().insert(nextRow(userId, { sequence: 1 })), UNIQUE_VIOLATION);
    await assert.rejects(ledger().insert(nextRow(userId, { idempotency_key: 'gift:1' })), UNIQUE_VIOLATION);
    await ledger().insert(nextRow(userId, { type: 'trial', idempotency_key: 'trial:a' }));
    await assert.rejects(
      ledger().insert(nextRow(userId, { type: 'trial', sequence: 3, idempotency_key: 'trial:b' })),
      UNIQUE_VIOLATION,
    );
  });

  for (const values of [
    { minutes_balance: 'NaN' },
    { minutes_held: 'NaN' },
    { minutes_balance: 'NaN', minutes_held: 'NaN' },
    { minutes_balance: '-1' },
    { minutes_held: '-0.01' },
    { minutes_held: '10.01' },
  ]) {
    it(`take no wallet of ${JSON.stringify(values)}`, async (t) => {
      const { knex, userId } = await setUp(t);
      await assert.rejects(knex('user_profiles').where('user_account_id', userId).update(values), CHECK_VIOLATION);
    });
  }

  it('take no infinite minutes', async (t) => {
    const { knex, userId } = await setUp(t);
    const numericOutOfRange = { code: '22003' };
    const wallet = knex('user_profiles').where('user_account_id', userId);
    await assert.rejects(wallet.update({ minutes_balance: 'Infinity' }), numericOutOfRange);
  });

  it('remember what a setting was before', async (t) => {
    const { knex, userId } = await setUp(t);
    const key = 'billing.trial_minutes';
    await knex('settings').insert({ key, value: '60', updated_by: userId });
    await knex('settings').where({ key }).update({ value: '30' });
    await knex('settings').where({ key }).delete();
    const values = await knex('settings_history').orderBy('id').pluck('value');
    assert.deepEqual(values, [60, 30, null]);
  });
});
