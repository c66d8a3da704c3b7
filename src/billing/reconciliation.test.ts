import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { connectDatabase } from '../platform/database.ts';
import { createMetrics } from '../platform/metrics.ts';
import { openBooks, type Books } from '../testing/books.ts';
import { createBilling } from './billing.ts';
import { watchReconciliations } from './reconciliation.ts';

/** Books whose log is kept; `tamper` works as the owner, past the triggers, as nobody in the house can. */
async function openWatchedBooks(t: TestContext) {
  const books = await openBooks(t);
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const billing = createBilling({ knex: books.knex, log, onCallEnded: () => {} });
  const metrics = createMetrics('test');
  watchReconciliations({ knex: books.knex, metrics });
  const owner = connectDatabase({
    url: books.database.url,
    poolSize: 1,
    applicationName: 'ailingva test owner',
    role: null,
  });
  t.after(() => owner.close());
  const tamper = async (sql: string, ...bindings: string[]): Promise<void> => {
    await owner.knex.transaction(async (transaction) => {
      await transaction.raw(`ALTER TABLE wallet_lot_allocations DISABLE TRIGGER USER`);
      await transaction.raw(sql, bindings);
      await transaction.raw(
        `ALTER TABLE wallet_lot_allocations ENABLE ALWAYS TRIGGER wallet_lot_allocations_append_only`,
      );
    });
  };
  const gauge = async (kind: string): Promise<number | undefined> => {
    const { values } = (await metrics.getSingleMetric('billing_ledger_differences')?.get()) ?? { values: [] };
    return values.find(({ labels }) => labels['kind'] === kind)?.value;
  };
  const alarms = () => lines.filter(({ msg }) => msg === 'The books do not agree');
  return { ...books, billing, tamper, gauge, alarms };
}

/** A learner with a paid and a free lot and one charged call; 57 minutes are left. */
async function learnerWithHistory({ billing, learnerWith, give, goLive }: Books): Promise<string> {
  const userId = await learnerWith(5000);
  await give({ userId, type: 'deposit', hundredths: 1000, price: 5000, idempotencyKey: `deposit:${userId}` });
  const callId = await goLive(userId);
  await billing.meter.beat(callId, 130_000);
  await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 130_000 });
  await billing.finalizeCall(callId);
  return userId;
}

/** What is tampered with, and the kinds of difference it makes. Each is repaired by an adjustment that gives nothing. */
const CACHES: Readonly<Record<string, { readonly sql: string; readonly kinds: readonly string[] }>> = {
  'a balance that is too high': {
    sql: 'UPDATE user_profiles SET minutes_balance = minutes_balance + 100 WHERE user_account_id = ?',
    kinds: ['balance_is_sum_of_ledger', 'balance_is_sum_of_lots'],
  },
  'a balance that is too low': {
    sql: 'UPDATE user_profiles SET minutes_balance = 0.01 WHERE user_account_id = ?',
    kinds: ['balance_is_sum_of_ledger', 'balance_is_sum_of_lots'],
  },
  'minutes held by nobody': {
    sql: 'UPDATE user_profiles SET minutes_held = 7 WHERE user_account_id = ?',
    kinds: ['held_is_sum_of_open_holds'],
  },
  'a sequence that ran ahead': {
    sql: 'UPDATE user_profiles SET ledger_sequence = 99 WHERE user_account_id = ?',
    kinds: ['ledger_sequence_is_last'],
  },
  'an emptied lot': {
    sql: `UPDATE wallet_lots SET remaining = 0 WHERE kind = 'paid' AND user_account_id = ?`,
    kinds: ['balance_is_sum_of_lots', 'lot_is_what_was_not_allocated'],
  },
  'a refilled lot': {
    sql: `UPDATE wallet_lots SET remaining = minutes WHERE kind = 'free' AND user_account_id = ?`,
    kinds: ['balance_is_sum_of_lots', 'lot_is_what_was_not_allocated'],
  },
  'a lot that is gone': {
    sql: `DELETE FROM wallet_lots WHERE kind = 'paid' AND user_account_id = ?`,
    kinds: ['balance_is_sum_of_lots', 'credit_has_its_lot'],
  },
  'lost allocations': {
    sql: `DELETE FROM wallet_lot_allocations WHERE wallet_lot_id IN (SELECT id FROM wallet_lots WHERE user_account_id = ?)`,
    kinds: ['debit_is_allocated', 'lot_is_what_was_not_allocated'],
  },
  'a hold that outlived its call': {
    sql: 'UPDATE call_holds SET closed_at = NULL WHERE user_account_id = ?',
    kinds: ['held_is_sum_of_open_holds', 'hold_lives_as_long_as_its_call'],
  },
};

describe('reconciling', () => {
  it('finds nothing where all is well, and shows so', async (t) => {
    const books = await openWatchedBooks(t);
    await learnerWithHistory(books);
    assert.equal(await books.gauge('balance_is_sum_of_ledger'), undefined);
    assert.deepEqual(await books.billing.reconcile({ repair: true }), { differences: [], repairs: [], left: [] });
    assert.equal(await books.gauge('balance_is_sum_of_ledger'), 0);
    assert.deepEqual(books.alarms(), []);
  });

  for (const [what, { sql, kinds }] of Object.entries(CACHES)) {
    it(`reports ${what} by user and kind, alarms, and repairs it only when asked to`, async (t) => {
      const books = await openWatchedBooks(t);
      const { billing, knex, tamper, gauge, alarms, wallet } = books;
      const userId = await learnerWithHistory(books);
      const other = await learnerWithHistory(books);
      await tamper(sql, userId);

      const report = await billing.reconcile({ repair: false });
      assert.deepEqual([...new Set(report.differences.map(({ rule }) => rule))].toSorted(), kinds);
      assert.deepEqual(new Set(report.differences.map((difference) => difference.userId)), new Set([userId]));
      assert.deepEqual(report.left, report.differences, 'nothing was repaired');
      assert.deepEqual(new Set(alarms().map(({ kind }) => kind)), new Set(kinds));
      for (const { level, userIds } of alarms()) assert.deepEqual([level, userIds], [50, [userId]]);
      for (const kind of kinds) assert.equal(await gauge(kind), 1);
      assert.notDeepEqual(await billing.checkInvariants(), []);

      const ledgerBefore = await knex('wallet_transactions').orderBy('id');
      const { repairs, left } = await billing.reconcile({ repair: true });
      assert.deepEqual(left, []);
      assert.deepEqual(
        repairs.map((repair) => [repair.userId, repair.after.balance, repair.adjustment]),
        [[userId, 5700, 0]],
      );
      const [written, ...more] = await knex('wallet_transactions').whereNotIn(
        'id',
        ledgerBefore.map(({ id }) => id),
      );
      assert.deepEqual(
        [written.user_account_id, written.type, written.minutes_delta, written.balance_after, written.reason, more],
        [userId, 'adjustment', '0.00', '57.00', 'reconcile', []],
      );
      assert.deepEqual(
        (await knex('wallet_transactions').orderBy('id')).filter(({ id }) => id !== written.id),
        ledgerBefore,
        'what was written stands',
      );
      assert.deepEqual(
        [await wallet(userId), await wallet(other)],
        [
          [57, 0],
          [57, 0],
        ],
      );
      for (const kind of kinds) assert.equal(await gauge(kind), 0);
      const audits = await knex('audit_log').select('action', 'subject_id', 'actor_id');
      assert.deepEqual(audits, [{ action: 'books.repair', subject_id: userId, actor_id: null }]);

      assert.deepEqual(await billing.reconcile({ repair: true }), { differences: [], repairs: [], left: [] });
      assert.equal((await knex('audit_log')).length, 1, 'done again it does nothing');
    });
  }

  it('gives by an adjustment what calls were promised on a balance that was too high', async (t) => {
    const books = await openWatchedBooks(t);
    const { billing, knex, tamper, learnerWith, goLive, wallet } = books;
    const userId = await learnerWith(100);
    await tamper('UPDATE user_profiles SET minutes_balance = 5 WHERE user_account_id = ?', userId);
    const callId = await goLive(userId);
    await billing.meter.beat(callId, 150_000);
    assert.deepEqual(await wallet(userId), [5, 4]);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 150_000 });
    await assert.rejects(billing.finalizeCall(callId), { code: '23514' });
    assert.equal((await billing.sweep()).failed, 1);

    const { repairs, left } = await billing.reconcile({ repair: true });
    assert.deepEqual(left, []);
    assert.equal(repairs[0]?.adjustment, 300);
    assert.deepEqual(await wallet(userId), [4, 4]);
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 3);
    assert.deepEqual(await wallet(userId), [1, 0]);
    assert.deepEqual(await billing.checkInvariants(), []);
    const row = await knex('wallet_transactions').where('type', 'adjustment').first('minutes_delta', 'reason');
    assert.deepEqual(row, { minutes_delta: '3.00', reason: 'reconcile' });
  });

  it('leaves to people what contradicts itself, and repairs the others', async (t) => {
    const books = await openWatchedBooks(t);
    const { billing, tamper, wallet } = books;
    const [broken, other] = [await learnerWithHistory(books), await learnerWithHistory(books)];
    await tamper(
      'UPDATE wallet_lots SET minutes = minutes + 1, remaining = remaining + 1 WHERE user_account_id = ?',
      broken,
    );
    await tamper('UPDATE user_profiles SET minutes_balance = 90 WHERE user_account_id = ?', other);
    const { repairs, left } = await billing.reconcile({ repair: true });
    assert.deepEqual(
      repairs.map(({ userId }) => userId),
      [other],
    );
    assert.deepEqual(new Set(left.map(({ userId }) => userId)), new Set([broken]));
    assert.deepEqual(
      [await wallet(broken), await wallet(other)],
      [
        [57, 0],
        [57, 0],
      ],
    );
  });

  it('may repair while a call goes on', async (t) => {
    const books = await openWatchedBooks(t);
    const { billing, tamper, goLive, wallet } = books;
    const userId = await learnerWithHistory(books);
    const callId = await goLive(userId);
    await tamper('UPDATE user_profiles SET minutes_balance = 90, minutes_held = 0 WHERE user_account_id = ?', userId);
    const beats = [61_000, 122_000, 183_000].map((talkedMs) => billing.meter.beat(callId, talkedMs));
    const [{ left }] = await Promise.all([billing.reconcile({ repair: true }), ...beats]);
    assert.deepEqual(left, []);
    await billing.meter.end(callId, { reason: 'hang_up', talkedMs: 200_000 });
    assert.equal((await billing.finalizeCall(callId))?.billedMinutes, 4);
    assert.deepEqual(await wallet(userId), [53, 0]);
    assert.deepEqual(await billing.checkInvariants(), []);
  });

  it('is due once a night, at the hour of the settings', async (t) => {
    const { billing, knex, tamper } = await openWatchedBooks(t);
    assert.deepEqual((await billing.reconcileWhenDue())?.differences, [], 'never made yet');
    assert.equal(await billing.reconcileWhenDue(), undefined);
    await billing.reconcile({ repair: false });
    await tamper(`UPDATE reconciliations SET created_at = created_at - interval '24 hours'`);
    assert.ok(await billing.reconcileWhenDue(), 'a night has passed');
    assert.equal(await billing.reconcileWhenDue(), undefined);
    // An hour that has just come, somewhere else.
    await tamper(`UPDATE reconciliations SET created_at = created_at - interval '2 minutes'`);
    const { rows } = await knex.raw(
      `SELECT to_char(now() AT TIME ZONE 'America/New_York' - interval '1 minute', 'HH24:MI') AS time`,
    );
    await knex('settings').insert([
      { key: 'billing.reconcile_time', value: JSON.stringify(rows[0].time) },
      { key: 'house.time_zone', value: JSON.stringify('America/New_York') },
    ]);
    assert.ok(await billing.reconcileWhenDue());
    assert.equal(await billing.reconcileWhenDue(), undefined);
  });
});
