import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openHouse, PASSWORD, type House } from '../testing/house.ts';
import { leave, NAME, placesOf, talk } from '../testing/leaving.ts';
import { until } from '../testing/until.ts';

const TRIAL = 60;

/** Sessions of this database that wait for a lock. */
async function countWaiting({ knex }: House): Promise<number> {
  const { rows } = await knex.raw<{ rows: { count: number }[] }>(
    `SELECT count(DISTINCT waiting.pid)::integer AS count FROM pg_locks waiting JOIN pg_locks other USING (pid)
     WHERE NOT waiting.granted
       AND other.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows[0]?.count ?? 0;
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
