import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createCallDesk, eraseCallsOf, MediaNodes } from '../media/index.ts';
import { createFolderStore, Recordings, type RecordingStore } from '../media/recording/index.ts';
import { writeAudit } from '../platform/audit.ts';
import { connectDatabase } from '../platform/database.ts';
import { createSilentLogger } from '../platform/log.ts';
import { until } from '../testing/until.ts';
import { openHouse, PASSWORD, type House, type Learner } from '../testing/house.ts';
import { insertCall, markCallLive } from '../testing/stored-learners.ts';
import { eraseDeleted } from './erasure.ts';

const TRIAL = 60;
const NAME = 'Zinaida Quellfrost';

function leave(house: House, { token }: Pick<Learner, 'token'>, body: Readonly<Record<string, unknown>> = {}) {
  return house.ask('DELETE', '/api/me', { token, body: { password: PASSWORD, minutes_given_up: TRIAL, ...body } });
}

/** Every table and column in which the text stands. */
async function placesOf({ knex }: House, text: string): Promise<string[]> {
  const { rows: columns } = await knex.raw<{ rows: { table_name: string; column_name: string }[] }>(
    `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
       AND has_table_privilege(to_regclass(format('public.%I', table_name))::oid, 'SELECT')`,
  );
  const found: string[] = [];
  for (const { table_name: table, column_name: column } of columns) {
    const row = await knex(table)
      .whereRaw('strpos(lower(??::text), lower(?)) > 0', [column, text])
      .first(knex.raw('1'));
    if (row) found.push(`${table}.${column}`);
  }
  return found.toSorted();
}

/** Sessions of this database that wait for a lock. */
async function countWaiting({ knex }: House): Promise<number> {
  const { rows } = await knex.raw<{ rows: { count: number }[] }>(
    `SELECT count(DISTINCT waiting.pid)::integer AS count FROM pg_locks waiting JOIN pg_locks other USING (pid)
     WHERE NOT waiting.granted
       AND other.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows[0]?.count ?? 0;
}

/** A call of theirs that is connected, with words in it, and a folder for its recording. */
async function talk(t: TestContext, { knex, billing }: House, { id: userId }: Pick<Learner, 'id'>) {
  const callId = await knex.transaction(async (transaction) => {
    const placed = await insertCall(transaction, userId);
    await billing.openCall(transaction, { callId: placed, userId });
    return placed;
  });
  await markCallLive(knex, callId);
  const say = (ordinal: number) =>
    knex('call_turns').insert({
      call_id: callId,
      ordinal,
      speaker: 'learner',
      text: `my name is ${NAME}`,
      heard_text: `my name is ${NAME}`,
      interrupted: false,
      words: JSON.stringify([{ word: NAME }]),
      engines: '{"stt": "local"}',
      started_at_ms: 100,
      duration_ms: 900,
      stages: '{"reply": 812}',
    });
  await say(0);
  await knex('calls')
    .where('id', callId)
    .update({ tutor_memory: JSON.stringify({ name: NAME }) });

  const folder = mkdtempSync(path.join(tmpdir(), 'ailingva-deletion-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = () =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
      : 0;
  return { callId, say, files, folder };
}

describe('deleting an account', () => {
  it('takes the person out of it, and leaves the books', async (t) => {
    const house = await openHouse(t);
    const { ask, knex, accounts } = house;
    const ann = await house.register('ann.quell@example.com');
    await house.confirm(ann);
    await accounts.changeProfile(ann.id, { name: NAME });
    const [admin] = [await house.staff('admin')];
    await accounts.changeByStaff(ann.id, { name: `${NAME} II` }, { actorId: admin.id, ip: '192.0.2.9' });
    // Two letters wait, and one was given up; she is invited by nobody and has invited somebody.
    const bob = await house.register('bob@example.com', await house.codeOf(ann));
    await knex.transaction((transaction) =>
      transaction('mail_outbox').insert({ recipient: 'Ann.Quell@example.com', subject: 's', text: 'ann.quell@' }),
    );
    const code = await house.codeOf(ann);
    assert.deepEqual(await placesOf(house, 'ann.quell'), [
      'account_tokens.email',
      'mail_outbox.recipient',
      'mail_outbox.text',
      'user_accounts.email',
    ]);
    assert.deepEqual(await placesOf(house, NAME), ['user_profiles.name']);
    const ledger = await knex('wallet_transactions').where('user_account_id', ann.id).orderBy('sequence');

    const wrong = await leave(house, ann, { password: 'not the password' });
    assert.deepEqual([wrong.status, wrong.body['code']], [403, 'password_wrong']);
    const unaware = await leave(house, ann, { minutes_given_up: 59.99 });
    assert.deepEqual(
      [unaware.status, unaware.body['code'], unaware.body['minutes_balance']],
      [409, 'balance_not_given_up', TRIAL],
    );
    assert.equal((await ask('GET', '/api/me', { token: ann.token })).status, 200, 'nothing happened so far');
    const done = await leave(house, ann);
    assert.equal(done.status, 204, done.text);

    assert.equal((await ask('GET', '/api/me', { token: ann.token })).status, 401);
    for (const email of ['ann.quell@example.com', `deleted-${ann.id}@deleted.invalid`]) {
      const again = await ask('POST', '/api/auth/login', { body: { email, password: PASSWORD } });
      assert.equal(again.body['code'], 'credentials_invalid', email);
    }
    const stranger = { email: 'new@example.com', password: PASSWORD, referral_code: code };
    assert.equal((await ask('POST', '/api/auth/register', { body: stranger })).body['code'], 'referral_code_unknown');
    assert.deepEqual(await placesOf(house, 'ann.quell'), []);
    assert.deepEqual(await placesOf(house, NAME), []);
    assert.deepEqual(
      await knex('wallet_transactions').where('user_account_id', ann.id).orderBy('sequence'),
      ledger,
      'the ledger stands',
    );
    assert.deepEqual(await house.wallet(ann), [TRIAL, 0]);
    const [entry] = await knex('audit_log').where({ action: 'user.delete' });
    assert.deepEqual(
      [entry.actor_id, entry.subject_id, entry.details, entry.ip],
      [ann.id, ann.id, { by: 'self', role: 'student', minutes_given_up: TRIAL }, null],
    );
    // Whom she invited gets what was promised to them; nothing comes to her any more.
    await house.confirm(bob);
    assert.deepEqual(await house.wallet(bob), [2 * TRIAL, 0]);
    assert.deepEqual(await house.wallet(ann), [TRIAL, 0]);
  });

  it('lets the person come back without a second trial, whatever they call themselves', async (t) => {
    const house = await openHouse(t);
    const { knex } = house;
    const first = await house.register('a.nn@gmail.com');
    assert.equal((await leave(house, first)).status, 204);
    assert.equal(
      (await knex('known_persons').first()) ?? 'nobody is known by a hash that can be guessed',
      'nobody is known by a hash that can be guessed',
    );
    const bob = await house.register('bob@example.com');
    const again = await house.register('ann+new@gmail.com', await house.codeOf(bob));
    assert.deepEqual(await house.wallet(again), [0, 0]);
    await house.confirm(again);
    assert.deepEqual(
      [await house.wallet(again), await house.wallet(bob)],
      [
        [0, 0],
        [TRIAL, 0],
      ],
      'nor as a guest',
    );
    assert.equal((await leave(house, again, { minutes_given_up: 0 })).status, 204);
    assert.deepEqual(await house.wallet(await house.register('ann@gmail.com')), [0, 0]);
  });

  it('is done once, of any number at a time, and gives no minutes away that came meanwhile', async (t) => {
    const house = await openHouse(t);
    const { knex, accounts, billing } = house;
    const admin = await house.staff('admin');
    const order = { actorId: admin.id, ip: '192.0.2.9' };
    for (let round = 0; round < 6; round += 1) {
      const ann = await house.register(`ann${round}@example.com`);
      const own = () =>
        accounts.deleteOwn({ userId: ann.id, password: PASSWORD, minutesGivenUp: TRIAL, ip: '192.0.2.1' });
      const outcomes = await Promise.allSettled([
        own(),
        own(),
        billing.staff.gift({
          userId: ann.id,
          minutes: '5',
          reason: 'for a race',
          idempotencyKey: `race-${round}`,
          by: order,
        }),
        own(),
      ]);
      const refused = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [(outcome.reason as { code?: string }).code] : [],
      );
      const [balance] = await house.wallet(ann);
      const deletions = await knex('account_deletions').where('user_account_id', ann.id);
      // Either the gift was first, and she is asked again; or she was, and there is nobody to give to.
      if (balance === TRIAL + 5) {
        assert.deepEqual([new Set(refused), deletions.length], [new Set(['balance_not_given_up']), 0]);
        await accounts.deleteAccount({ userId: ann.id, by: { ...order, reason: 'asked' } });
      } else {
        assert.deepEqual([refused, balance], [['account_deleted'], TRIAL]);
      }
      await accounts.deleteAccount({ userId: ann.id, by: { ...order, reason: 'asked' } });
      const written = await knex('audit_log').where({ action: 'user.delete', subject_id: ann.id });
      assert.equal(written.length, 1);
    }
  });

  it('waits for a call that says it is alive, and holds nothing meanwhile that the call needs', async (t) => {
    const house = await openHouse(t);
    const { knex } = house;
    const ann = await house.register('ann@example.com');
    const { callId } = await talk(t, house, ann);
    const deleted = await knex.transaction(async (heartbeat) => {
      await heartbeat('calls').where('id', callId).update({ talked_ms: 61_000 });
      const leaving = house.accounts
        .deleteOwn({ userId: ann.id, password: PASSWORD, minutesGivenUp: TRIAL, ip: '192.0.2.1' })
        .then(() => undefined);
      // Whoever looks at it later hears of a failure all the same.
      leaving.catch(() => undefined);
      await until(async () => (await countWaiting(house)) === 1, 'the deletion to wait');
      // As a heartbeat that extends its hold does next.
      await heartbeat('user_profiles').where('user_account_id', ann.id).forNoKeyUpdate().first('minutes_held');
      return { leaving };
    });
    await deleted.leaving;
    assert.equal((await knex('calls').where('id', callId).first()).end_requested, 'blocked');
    assert.equal((await house.ask('GET', '/api/me', { token: ann.token })).status, 401);
  });

  it('blanks the profile for good: a change that was on its way is not written over it', async (t) => {
    const house = await openHouse(t);
    const { knex, accounts } = house;
    const ann = await house.register('ann@example.com');
    const { leaving, renaming } = await knex.transaction(async (other) => {
      await other('user_profiles').where('user_account_id', ann.id).forNoKeyUpdate().first('name');
      const own = accounts.deleteOwn({ userId: ann.id, password: PASSWORD, minutesGivenUp: TRIAL, ip: '192.0.2.1' });
      await until(async () => (await countWaiting(house)) === 1, 'the deletion to wait');
      // Its token was good a moment ago.
      const change = Promise.allSettled([accounts.changeProfile(ann.id, { name: NAME })]);
      await until(async () => (await countWaiting(house)) === 2, 'the change to wait');
      return { leaving: own, renaming: change };
    });
    await leaving;
    const [renamed] = await renaming;
    assert.deepEqual(await placesOf(house, NAME), []);
    assert.equal(renamed.status === 'rejected' && (renamed.reason as { code?: string }).code, 'token_invalid');
  });

  it('cannot be kept from happening by an account under the address that it would leave', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const body = { email: `deleted-${ann.id}@deleted.invalid`, password: PASSWORD };
    const refused = await house.ask('POST', '/api/auth/register', { body });
    assert.deepEqual([refused.status, refused.body['code']], [400, 'request_invalid']);
    assert.equal((await leave(house, ann)).status, 204);
  });

  it('by staff: administrators, never of themselves, for good', async (t) => {
    const house = await openHouse(t);
    const { ask, knex, accounts } = house;
    const ann = await house.register('ann@example.com');
    const [admin, support] = [await house.staff('admin'), await house.staff('support')];
    const post = (token: string, id: string, reason = 'asked', action = 'delete') =>
      ask('POST', `/api/admin/users/${id}/${action}`, { token, body: { reason } });
    assert.equal((await post(support.token, ann.id)).status, 403);
    assert.equal((await post(admin.token, ann.id, 'She wrote from ann@example.com')).body['code'], 'request_invalid');
    assert.equal((await post(admin.token, admin.id)).body['code'], 'own_account');
    assert.equal((await post(admin.token, crypto.randomUUID())).body['code'], 'user_not_found');
    const lastAdmin = await ask('DELETE', '/api/me', {
      token: admin.token,
      body: { password: PASSWORD, minutes_given_up: 0 },
    });
    assert.equal(lastAdmin.body['code'], 'last_admin');

    assert.equal((await post(admin.token, ann.id)).status, 204);
    assert.equal((await post(admin.token, ann.id)).status, 204, 'a double click');
    assert.equal((await post(admin.token, ann.id, 'a mistake', 'unblock')).body['code'], 'account_deleted');
    await assert.rejects(accounts.changeByStaff(ann.id, { name: 'Ann' }, { actorId: admin.id, ip: '' }), {
      code: 'account_deleted',
    });
    await assert.rejects(knex('user_accounts').where('id', ann.id).update({ blocked_at: null }), /deleted_is_blocked/);
    const written = await knex('audit_log').where({ action: 'user.delete' });
    assert.deepEqual(
      written.map(({ actor_id: actor, details }) => [actor, details]),
      [[admin.id, { by: 'staff', reason: 'asked', role: 'student', minutes_given_up: TRIAL }]],
    );
  });
});

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
