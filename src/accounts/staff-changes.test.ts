import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openHouse } from '../testing/house.ts';

describe('what staff do to accounts', () => {
  it('blocks and lets in again, once each, and writes who did it and why', async (t) => {
    const { ask, knex, register, staff } = await openHouse(t);
    const [learner, admin, support] = [await register('ann@example.com'), await staff('admin'), await staff('support')];
    const post = (action: string, token: string, id = learner.id) =>
      ask('POST', `/api/admin/users/${id}/${action}`, { token, body: { reason: 'a test' } });

    assert.equal((await post('block', support.token)).status, 403);
    assert.equal((await post('block', admin.token)).status, 204);
    assert.equal((await post('block', admin.token)).status, 204, 'a double click');
    assert.equal((await ask('GET', '/api/me', { token: learner.token })).status, 401);
    assert.equal((await post('unblock', admin.token)).status, 204);
    assert.equal((await post('unblock', admin.token)).status, 204);
    assert.equal((await post('block', admin.token, admin.id)).body['code'], 'own_account');
    assert.equal((await post('block', admin.token, crypto.randomUUID())).body['code'], 'user_not_found');
    const written = await knex('audit_log').whereLike('action', 'user.%').orderBy('id');
    const [open, blocked] = [{ blocked: false }, { blocked: true }];
    assert.deepEqual(
      written.map((row) => [row.action, row.actor_id, row.subject_id, row.details]),
      [
        ['user.block', admin.id, learner.id, { reason: 'a test', before: open, after: blocked }],
        ['user.unblock', admin.id, learner.id, { reason: 'a test', before: blocked, after: open }],
      ],
    );
  });

  it('changes profile and role, never one’s own role nor the last administrator', async (t) => {
    const { accounts, knex, register, staff } = await openHouse(t);
    const [learner, admin] = [await register('ann@example.com'), await staff('admin')];
    const by = { actorId: admin.id, ip: '192.0.2.1' };
    await accounts.changeByStaff(learner.id, { name: 'Ann', role: 'support' }, by);
    const { name, role } = await accounts.me(learner.id);
    assert.deepEqual([name, role], ['Ann', 'support']);
    const row = await knex('audit_log').where('action', 'user.update').first();
    assert.deepEqual(row.details, {
      before: { name: '', role: 'student' },
      after: { name: '…', role: 'support' },
    });
    await assert.rejects(accounts.changeByStaff(admin.id, { role: 'support' }, by), { code: 'own_account' });
    await assert.rejects(accounts.changeByStaff(admin.id, { role: 'student' }, { ...by, actorId: learner.id }), {
      code: 'last_admin',
    });
    await assert.rejects(
      accounts.changeByStaff(learner.id, { name: 'Bob' }, by, () => Promise.reject(new Error('changed meanwhile'))),
      /changed meanwhile/,
    );
    assert.equal((await accounts.me(learner.id)).name, 'Ann');
  });

  it('lets only staff in, and voids their pass when they are blocked, sign out everywhere or are staff no more', async (t) => {
    const { accounts, knex, register, staff } = await openHouse(t);
    const [learner, admin, support] = [await register('ann@example.com'), await staff('admin'), await staff('support')];
    const password = 'correct horse battery';
    const signIn = (email: string) => accounts.signInStaff({ email, password, ip: '192.0.2.1' });
    await assert.rejects(signIn(learner.email), { code: 'not_staff' });
    await assert.rejects(accounts.signInStaff({ email: support.email, password: 'wrong', ip: '192.0.2.1' }), {
      code: 'credentials_invalid',
    });

    const first = await signIn(support.email);
    assert.deepEqual(await accounts.readStaff(first), { id: support.id, email: support.email, role: 'support' });
    await accounts.logoutEverywhere(support.id);
    assert.equal(await accounts.readStaff(first), undefined);
    const second = await signIn(support.email);
    await knex('user_accounts').where('id', support.id).update({ role: 'student' });
    assert.equal(await accounts.readStaff(second), undefined);
    await knex('user_accounts').where('id', support.id).update({ role: 'support' });
    await accounts.blockByStaff(support.id, 'gone', { actorId: admin.id, ip: '192.0.2.1' });
    assert.equal(await accounts.readStaff(second), undefined);
  });
});
