import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { down, up } from '../../migrations/202611220410_erased_reasons.ts';
import { createCallDesk, eraseCallsOf, MediaNodes } from '../media/index.ts';
import { createFolderStore, Recordings, type RecordingStore } from '../media/recording/index.ts';
import { writeAudit } from '../platform/audit.ts';
import { connectDatabase } from '../platform/database.ts';
import { createSilentLogger } from '../platform/log.ts';
import { openHouse } from '../testing/house.ts';
import { leave, NAME, placesOf, talk } from '../testing/leaving.ts';
import { insertCall } from '../testing/stored-learners.ts';
import { eraseDeleted } from './erasure.ts';

const TRIAL = 60;

describe('what a deleted user said', () => {
  it('is erased once their calls are over, though a node writes on and a deletion breaks off between file and row', async (t) => {
    const house = await openHouse(t);
    const { knex, billing } = house;
    const ann = await house.register('ann@example.com');
    const { callId, say, files, folder } = await talk(t, house, ann);
    await knex('calls')
      .where('id', callId)
      .update({ recording_consent_at: knex.fn.now() })
      .catch(() => undefined);
    const log = createSilentLogger();
    const folderStore = createFolderStore({ folder });
    let crashes = 1;
    // The file goes, and the process dies before the row does.
    const store: RecordingStore = {
      ...folderStore,
      async delete(key) {
        await folderStore.delete(key);
        if (crashes-- > 0) throw new Error('the process died');
      },
    };
    const recordings = new Recordings({ knex, store, log });
    await house.database
      .knex('call_recordings')
      .insert({ call_id: callId, part: 1, store: 'folder', object_key: `k/${callId}-1.ogg` });
    const writer = await store.create(`k/${callId}-1.ogg`);
    await writer.append(Buffer.from('a voice'));
    const erase = () =>
      eraseDeleted({ knex, log, eraseTraces: (userId, signal) => eraseCallsOf({ knex, recordings }, userId, signal) });

    assert.equal((await leave(house, ann)).status, 204);
    assert.equal((await knex('calls').where('id', callId).first()).end_requested, 'blocked');
    // The call has not ended: what was said is gone all the same, and what is still said is not written.
    assert.deepEqual(await erase(), { erased: 0, postponed: 1, failed: 0 });
    await say(1);
    await knex('calls')
      .where('id', callId)
      .update({ tutor_memory: JSON.stringify({ name: NAME }) });
    assert.deepEqual(await placesOf(house, NAME), []);
    assert.equal(files(), 1, 'somebody is writing it');

    // As its node does within two seconds: the talk is charged to a balance that nobody can spend otherwise.
    await billing.meter.end(callId, { reason: 'blocked', talkedMs: 61_000 });
    await billing.finalizeCall(callId);
    assert.deepEqual(await house.wallet(ann), [TRIAL - 2, 0]);
    assert.deepEqual(await erase(), { erased: 0, postponed: 1, failed: 0 }, 'something may still come');
    await writer.finish();
    await knex('call_recordings').where('call_id', callId).update({ ended_at: knex.fn.now() });
    await knex('calls')
      .where('id', callId)
      .update({ ended_at: knex.raw(`now() - interval '2 minutes'`) });

    assert.deepEqual(await erase(), { erased: 0, postponed: 0, failed: 1 });
    assert.deepEqual([files(), (await knex('call_recordings')).length], [0, 1], 'the file is gone, its row is not');
    assert.deepEqual(await erase(), { erased: 1, postponed: 0, failed: 0 });
    assert.deepEqual([files(), (await knex('call_recordings')).length], [0, 0]);
    assert.deepEqual(await erase(), { erased: 0, postponed: 0, failed: 0 });
    const turns = await knex('call_turns').where('call_id', callId).orderBy('ordinal');
    assert.deepEqual(
      turns.map(({ text, heard_text: heard, words, stages }) => [text, heard, words, stages]),
      [0, 1].map(() => ['', '', null, { reply: 812 }]),
    );
    assert.equal((await knex('usage_sessions').where('call_id', callId)).length, 1);
  });
});

describe('what staff wrote about a deleted user', () => {
  it('is erased in the books and in the audit log, and nothing else of them', async (t) => {
    const house = await openHouse(t);
    const { knex, accounts, billing } = house;
    const ann = await house.register('ann@example.com');
    const bob = await house.register('bob@example.com', await house.codeOf(ann));
    await house.confirm(bob);
    const admin = await house.staff('admin');
    const order = { actorId: admin.id, ip: '192.0.2.9' };
    const words = { ...order, reason: `${NAME} asked` };
    const gift = (userId: string) =>
      billing.staff.gift({ userId, minutes: '5.00', reason: words.reason, idempotencyKey: userId, by: order });
    const entryId = await gift(ann.id);
    await gift(bob.id);
    await billing.staff.reverseEntry({ entryId, idempotencyKey: 'r', ...words });
    await accounts.blockByStaff(ann.id, words.reason, order);
    await accounts.unblockByStaff(ann.id, words.reason, order);
    const referral: { id: string } = await knex('referrals').first('id');
    await billing.staff.blockReferral({ referralId: referral.id, ...words, reverse: true });
    const callId = await knex.transaction(async (transaction) => {
      const placed = await insertCall(transaction, ann.id);
      await billing.openCall(transaction, { callId: placed, userId: ann.id });
      return placed;
    });
    const desk = createCallDesk({ knex, nodes: new MediaNodes(knex), endHere: async () => {} });
    await desk.end(callId, words);
    await billing.meter.end(callId, { reason: 'ended_by_staff', talkedMs: 0 });
    const [payment]: { id: string }[] = await knex('payments')
      .insert({
        user_account_id: ann.id,
        amount_kopecks: 1_000,
        provider: 'sandbox',
        idempotency_key: 'p',
        tariff_snapshot: '{}',
        quoted_minutes: '2.00',
      })
      .returning('id');
    await knex('payment_refunds').insert({
      payment_id: payment?.id,
      kind: 'refund',
      status: 'failed',
      amount_kopecks: 1_000,
      idempotency_key: 'f',
      actor_id: admin.id,
      reason: words.reason,
    });
    await knex.transaction((transaction) =>
      writeAudit(transaction, {
        ...order,
        action: 'payment.refund',
        subject: { type: 'payment', id: payment?.id ?? '' },
        details: { reason: words.reason, amount_kopecks: 1_000 },
      }),
    );
    const everywhere = [
      'audit_log.details',
      'payment_refunds.reason',
      'referrals.block_reason',
      'wallet_transactions.reason',
    ];
    assert.deepEqual(await placesOf(house, NAME), everywhere);
    const [ledger, audit] = [await knex('wallet_transactions').orderBy('id'), await knex('audit_log').orderBy('id')];
    const erase = () => eraseDeleted({ knex, log: createSilentLogger(), eraseTraces: async () => true });

    await accounts.deleteAccount({ userId: ann.id, by: { ...order, reason: 'abuse' } });
    assert.deepEqual(await placesOf(house, NAME), everywhere);
    assert.deepEqual(await erase(), { erased: 1, postponed: 0, failed: 0 });

    // What was given to the other one, and why, is about the other one.
    const others = { user_account_id: bob.id, type: 'gift' };
    assert.deepEqual(
      await knex('wallet_transactions').where('reason', words.reason).select('user_account_id', 'type'),
      [others],
    );
    const told = await knex('audit_log')
      .whereRaw(`details ->> 'reason' = ?`, [words.reason])
      .select('action', 'subject_id');
    assert.deepEqual(told, [{ action: 'gift.give', subject_id: bob.id }]);
    assert.deepEqual((await knex('payment_refunds').first('reason')).reason, '…');
    const blocked = await knex('referrals').first('block_reason', 'blocked_by');
    assert.deepEqual(blocked, { block_reason: '…', blocked_by: admin.id });
    const deleted = await knex('audit_log').where('action', 'user.delete').first('details');
    assert.equal(deleted.details.reason, 'abuse', 'one of a list');
    // Every row is there, and all else in it is as it was.
    const unworded = (row: { reason?: unknown; details?: object }) => ({
      ...row,
      reason: '',
      details: { ...row.details, reason: '' },
    });
    assert.deepEqual((await knex('wallet_transactions').orderBy('id')).map(unworded), ledger.map(unworded));
    const after = await knex('audit_log').whereNot('action', 'user.delete').orderBy('id');
    assert.deepEqual(after.map(unworded), audit.map(unworded));
  });

  it('is erased of those, too, who left or whose invitation was blocked before it could be', async (t) => {
    const house = await openHouse(t);
    const { knex, accounts, billing } = house;
    const ann = await house.register('ann@example.com');
    const bob = await house.register('bob@example.com', await house.codeOf(ann));
    await house.confirm(bob);
    const admin = await house.staff('admin');
    const words = { actorId: admin.id, ip: '', reason: `${NAME} is Bob` };
    const own = await knex('wallet_transactions').where({ user_account_id: bob.id, type: 'trial' }).first('id');
    await billing.staff.reverseEntry({ entryId: own.id, idempotencyKey: 'r', ...words, reason: 'is a robot' });
    const { id: referralId } = await knex('referrals').first('id');
    await billing.staff.blockReferral({ referralId, ...words, reverse: true });
    await accounts.deleteAccount({ userId: ann.id, by: { ...words, reason: 'asked' } });
    const blocked = (reason: string) =>
      knex('wallet_transactions')
        .where({ type: 'reversal', reason })
        .orderBy('user_account_id')
        .pluck('user_account_id');
    const both = await blocked('referral_blocked');
    assert.equal(both.length, 2);

    // As it was: the words in the rows of both, and one who left without them.
    const owner = connectDatabase({ ...house.database, poolSize: 1, applicationName: 'ailingva test', role: null });
    t.after(() => owner.close());
    await owner.knex.transaction(async (transaction) => {
      await down(transaction);
      const ledger = transaction('wallet_transactions').where({ reason: 'referral_blocked' });
      await transaction.raw('ALTER TABLE wallet_transactions DISABLE TRIGGER wallet_transactions_append_only');
      await ledger.update({ reason: words.reason });
      await transaction('account_deletions').update({ erased_at: transaction.fn.now() });
    });
    assert.deepEqual(await blocked(words.reason), both);
    await owner.knex.transaction(up);
    assert.deepEqual(await blocked('referral_blocked'), both);
    assert.deepEqual(await blocked('is a robot'), [bob.id]);
    const erase = () => eraseDeleted({ knex, log: createSilentLogger(), eraseTraces: async () => true });
    assert.deepEqual(await erase(), { erased: 1, postponed: 0, failed: 0 });
    assert.deepEqual(await placesOf(house, NAME), []);
  });

  it('cannot be erased while they are there, nor be written anew, even by the tables’ owner', async (t) => {
    const house = await openHouse(t);
    const { knex, accounts } = house;
    const ann = await house.register('ann@example.com');
    const admin = await house.staff('admin');
    const order = { actorId: admin.id, ip: '' };
    await accounts.blockByStaff(ann.id, 'a test', order);
    const owner = connectDatabase({ ...house.database, poolSize: 1, applicationName: 'ailingva test', role: null });
    t.after(() => owner.close());
    const refused = { code: '23001' };
    const blank = async () => {
      await owner.knex.raw(`UPDATE wallet_transactions SET reason = '…' WHERE user_account_id = ?`, [ann.id]);
      await owner.knex.raw(`UPDATE audit_log SET details = details || '{"reason": "…"}' WHERE action = 'user.block'`);
    };
    await assert.rejects(knex.raw('SELECT erase_reasons(?)', [ann.id]), refused);
    await assert.rejects(blank(), refused);
    await accounts.deleteAccount({ userId: ann.id, by: { ...order, reason: 'asked' } });
    for (const sql of [
      `UPDATE wallet_transactions SET reason = 'another'`,
      `UPDATE wallet_transactions SET reason = '…', minutes_delta = minutes_delta`,
      `UPDATE audit_log SET details = '{"reason": "…"}'`,
      `UPDATE audit_log SET details = details || '{"reason": "…", "more": 1}'`,
    ]) {
      await assert.rejects(owner.knex.raw(sql), refused, sql);
      await assert.rejects(knex.raw(sql), { code: '42501' }, sql);
    }
    await blank();
  });
});
