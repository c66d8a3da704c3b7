import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Knex } from 'knex';
import { insertCall, markCallLive } from '../../testing/stored-learners.ts';
import { linkToken, openHouse, type House, type Learner } from '../../testing/house.ts';
import { isFirstAccount } from '../persons.ts';
import { recordReferral } from './invite.ts';

interface StoredReferral {
  readonly id: string;
  readonly status: string;
  readonly block_reason: string | null;
  readonly reward_withheld: string | null;
  readonly reward_transaction_id: string | null;
  readonly welcome_transaction_id: string | null;
}

async function referralOf(knex: Knex, { id }: Pick<Learner, 'id'>): Promise<StoredReferral> {
  const row: StoredReferral | undefined = await knex('referrals').where('referred_id', id).first();
  assert.ok(row);
  return row;
}

async function types(knex: Knex, { id }: Pick<Learner, 'id'>): Promise<string[]> {
  const rows: { type: string }[] = await knex('wallet_transactions').where('user_account_id', id).orderBy('sequence');
  return rows.map(({ type }) => type);
}

/** An inviter and somebody invited who has not confirmed yet, each with their 60 minutes of trial. */
async function invitation(house: House) {
  const ann = await house.register('ann@example.com');
  const bob = await house.register('bob@example.com', await house.codeOf(ann));
  const { id } = await referralOf(house.knex, bob);
  const admin = await house.staff('admin');
  const decide = (verb: 'block' | 'unblock', body: object) =>
    house.ask('POST', `/api/admin/billing/referrals/${id}/${verb}`, { token: admin.token, body });
  return { ann, bob, admin, referralId: id, decide };
}

/** A live call that holds two minutes. */
async function goLive(house: House, { id: userId }: Learner): Promise<string> {
  const callId = await house.knex.transaction(async (transaction) => {
    const call = await insertCall(transaction, userId);
    await house.billing.openCall(transaction, { callId: call, userId });
    return call;
  });
  await markCallLive(house.knex, callId);
  return callId;
}

async function talk(house: House, callId: string, minutes: number): Promise<void> {
  for (let minute = 1; minute <= minutes; minute += 1) await house.billing.meter.beat(callId, minute * 60_000);
}

async function hangUp(house: House, callId: string, minutes: number): Promise<void> {
  await house.billing.meter.end(callId, { reason: 'hang_up', talkedMs: minutes * 60_000 });
  await house.billing.finalizeCall(callId);
}

describe('an invitation', () => {
  it('gives both sides 60 minutes when the invited person confirms, and nothing before', async (t) => {
    const house = await openHouse(t);
    const { ann, bob } = await invitation(house);
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(bob)],
      [
        [60, 0],
        [60, 0],
      ],
    );
    await house.confirm(bob);
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(bob)],
      [
        [120, 0],
        [120, 0],
      ],
    );
    assert.deepEqual(await types(house.knex, ann), ['trial', 'referral_reward']);
    assert.deepEqual(await types(house.knex, bob), ['trial', 'referral_welcome']);
    assert.equal((await referralOf(house.knex, bob)).status, 'rewarded');
    await house.confirm(ann);
    assert.deepEqual(await house.wallet(ann), [120, 0]);
  });

  it('gives it once, however often and at once the link is opened', async (t) => {
    const house = await openHouse(t);
    const { ann, bob } = await invitation(house);
    const token = await linkToken(house.knex, bob.email);
    const statuses = await Promise.all(
      [1, 2, 3, 4].map(async () => (await house.ask('POST', '/api/auth/confirm', { body: { token } })).status),
    );
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [204, 409, 409, 409],
    );
    assert.deepEqual(await house.wallet(ann), [120, 0]);
    assert.deepEqual(await house.wallet(bob), [120, 0]);
  });

  it('rewards two who invited, and were invited, at once, without a deadlock', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const bob = await house.register('bob@example.com', await house.codeOf(ann));
    const code = await house.codeOf(bob);
    const others = await Promise.all([1, 2, 3, 4].map((n) => house.register(`c${n}@example.com`, code)));
    await Promise.all([bob, ...others].map((learner) => house.confirm(learner)));
    assert.deepEqual(await house.wallet(ann), [120, 0]);
    assert.deepEqual(await house.wallet(bob), [60 + 60 + 4 * 60, 0]);
  });

  it('gives what the settings say at the confirmation; nothing when they say 0', async (t) => {
    const house = await openHouse(t);
    const { ann, bob } = await invitation(house);
    await house.set('billing.referral_minutes', 15);
    const promised = await house.ask('GET', '/api/billing/welcome');
    assert.deepEqual(promised.body, { trial_minutes: 60, referral_minutes: 15 });
    await house.confirm(bob);
    assert.deepEqual(await house.wallet(ann), [75, 0]);
    const carl = await house.register('carl@example.com', await house.codeOf(ann));
    await house.set('billing.referral_minutes', 0);
    await house.confirm(carl);
    assert.deepEqual(await house.wallet(carl), [60, 0]);
    assert.equal((await referralOf(house.knex, carl)).status, 'rewarded');
  });

  it('takes a code in any spelling, and refuses one that is nobody’s without making an account', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const code = await house.codeOf(ann);
    assert.match(code, /^[2-9A-HJKMNP-TV-Z]{8}$/);
    const spelled = ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `;
    const bob = await house.register('bob@example.com', spelled);
    assert.equal((await referralOf(house.knex, bob)).status, 'pending');
    for (const unknown of ['ZZZZZZZZ', 'x', '%', 'АННА2345', '\u0000', '-'.repeat(64)]) {
      const { status, body } = await house.ask('POST', '/api/auth/register', {
        body: { email: 'carl@example.com', password: 'correct horse battery', referral_code: unknown },
      });
      assert.deepEqual([status, body['code']], [400, 'referral_code_unknown'], unknown);
    }
    assert.equal((await house.knex('user_accounts').where('email', 'carl@example.com')).length, 0);
    await house.accounts.blockByStaff(ann.id, 'a test', { actorId: (await house.staff('admin')).id, ip: '' });
    await assert.rejects(house.register('dora@example.com', code), { code: 'referral_code_unknown' });
  });

  it('leaves an empty code out', async (t) => {
    const house = await openHouse(t);
    const { status } = await house.ask('POST', '/api/auth/register', {
      body: { email: 'carl@example.com', password: 'correct horse battery', referral_code: ' ' },
    });
    assert.equal(status, 201);
  });
});

describe('an invitation of oneself', () => {
  for (const [what, own, other] of [
    ['with a tag', 'ann@example.com', 'ann+2@example.com'],
    ['with Google’s dots', 'ann.lee@gmail.com', 'a.nnlee+x@googlemail.com'],
    ['with Yandex’ other domains', 'ann.lee@yandex.ru', 'ann-lee@ya.ru'],
  ] as const) {
    it(`pays nothing, and no second trial (${what})`, async (t) => {
      const house = await openHouse(t);
      const ann = await house.register(own);
      const twin = await house.register(other, await house.codeOf(ann));
      const referral = await referralOf(house.knex, twin);
      assert.deepEqual([referral.status, referral.block_reason], ['blocked', 'self_invite']);
      await house.confirm(twin);
      assert.deepEqual(
        [await house.wallet(ann), await house.wallet(twin)],
        [
          [60, 0],
          [0, 0],
        ],
      );
    });
  }

  it('does not take somebody else for the same person', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann.lee@example.com');
    const code = await house.codeOf(ann);
    for (const email of ['annlee@example.com', 'ann.lee@example.org', 'ann-lee@example.com', '+ann@example.com']) {
      const other = await house.register(email, code);
      assert.equal((await referralOf(house.knex, other)).status, 'pending', email);
      assert.deepEqual(await house.wallet(other), [60, 0]);
    }
  });
});

describe('an invitation of somebody who is known', () => {
  it('closes no loop: the inviter’s second account pays nothing', async (t) => {
    const house = await openHouse(t);
    const { ann, bob } = await invitation(house);
    await house.confirm(bob);
    const twin = await house.register('ann+again@example.com', await house.codeOf(bob));
    assert.equal((await referralOf(house.knex, twin)).block_reason, 'known_person');
    await house.confirm(twin);
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(bob), await house.wallet(twin)],
      [
        [120, 0],
        [120, 0],
        [0, 0],
      ],
    );
  });

  it('pays nothing, and gives no trial, also when the first account is gone', async (t) => {
    const house = await openHouse(t);
    const { ann, bob } = await invitation(house);
    await house.confirm(bob);
    await house
      .knex('user_accounts')
      .where('id', bob.id)
      .update({ email: `deleted-${bob.id}@invalid.example` });
    const again = await house.register(bob.email, await house.codeOf(ann));
    assert.equal((await referralOf(house.knex, again)).block_reason, 'known_person');
    assert.deepEqual(await house.wallet(again), [0, 0]);
  });

  it('has one winner when a person registers under two names, or twice under one, at once', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const code = await house.codeOf(ann);
    const emails = ['bob@example.com', 'bob@example.com', 'bob+1@example.com', 'bob+2@example.com'];
    const attempts = await Promise.allSettled(emails.map((email) => house.register(email, code)));
    const made = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    assert.equal(made.length, 3);
    const balances = await Promise.all(made.map((learner) => house.wallet(learner)));
    assert.deepEqual(
      balances.map(([balance]) => balance).toSorted((a, b) => a - b),
      [0, 0, 60],
    );
    for (const learner of made) await house.confirm(learner);
    assert.deepEqual(await house.wallet(ann), [120, 0]);
  });

  it('is refused for a second code, and for one who has invited others', async (t) => {
    const house = await openHouse(t);
    const { ann, bob } = await invitation(house);
    const carl = await house.register('carl@example.com');
    const record = (referred: Learner, code: string) =>
      house.knex.transaction((transaction) =>
        recordReferral(transaction, { referredId: referred.id, code, newPerson: true }),
      );
    const [bobs, carls] = [await house.codeOf(bob), await house.codeOf(carl)];
    await assert.rejects(record(bob, carls), { code: 'referral_exists' });
    await assert.rejects(record(ann, bobs), { code: 'referral_loop' });
    await assert.rejects(record(carl, carls), { code: 'referral_loop' });
    // Two codes at once: one inviter.
    const dora = await house.register('dora@example.com');
    const attempts = await Promise.allSettled([record(dora, bobs), record(dora, carls)]);
    assert.deepEqual(attempts.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    assert.equal((await house.knex('referrals').where('referred_id', dora.id)).length, 1);
  });

  it('asks once for each account', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const again = await house.knex.transaction((transaction) => isFirstAccount(transaction, ann.id, undefined));
    assert.equal(again, true);
  });
});

describe('the cap of a day', () => {
  it('stops the inviter’s reward, not the invited person’s, also when all confirm at once', async (t) => {
    const house = await openHouse(t);
    await house.set('billing.referral_rewards_per_day', 2);
    const ann = await house.register('ann@example.com');
    const code = await house.codeOf(ann);
    const invited = await Promise.all([1, 2, 3, 4].map((n) => house.register(`b${n}@example.com`, code)));
    await Promise.all(invited.map((learner) => house.confirm(learner)));
    assert.deepEqual(await house.wallet(ann), [60 + 2 * 60, 0]);
    for (const learner of invited) assert.deepEqual(await house.wallet(learner), [120, 0]);
    const withheld = await house.knex('referrals').where('reward_withheld', 'daily_cap');
    assert.equal(withheld.length, 2);

    await house.knex('referrals').update({ rewarded_at: house.knex.raw(`rewarded_at - interval '25 hours'`) });
    await house.confirm(await house.register('late@example.com', code));
    assert.deepEqual(await house.wallet(ann), [60 + 3 * 60, 0]);
  });

  it('gives a blocked inviter nothing', async (t) => {
    const house = await openHouse(t);
    const { ann, bob } = await invitation(house);
    await house.accounts.blockByStaff(ann.id, 'a test', { actorId: (await house.staff('admin')).id, ip: '' });
    await house.confirm(bob);
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(bob)],
      [
        [60, 0],
        [120, 0],
      ],
    );
    assert.equal((await referralOf(house.knex, bob)).reward_withheld, 'account_blocked');
  });
});

describe('a block', () => {
  it('before the confirmation pays nothing; taken back after it, it pays both once', async (t) => {
    const house = await openHouse(t);
    const { ann, bob, decide } = await invitation(house);
    const blocked = await decide('block', { reason: 'Same device' });
    assert.deepEqual(
      [blocked.status, blocked.body['status'], blocked.body['block_reason']],
      [200, 'blocked', 'Same device'],
    );
    await house.confirm(bob);
    assert.deepEqual(await house.wallet(ann), [60, 0]);
    const unblocked = await decide('unblock', { reason: 'A family' });
    assert.deepEqual([unblocked.body['status'], unblocked.body['reward_minutes']], ['rewarded', 60]);
    assert.equal((await decide('unblock', { reason: 'A family' })).body['code'], 'referral_not_blocked');
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(bob)],
      [
        [120, 0],
        [120, 0],
      ],
    );
    const audit: { action: string }[] = await house.knex('audit_log').orderBy('id').select('action');
    assert.deepEqual(
      audit.map(({ action }) => action),
      ['referral.block', 'referral.unblock'],
    );
  });

  it('taken back before the confirmation leaves the invitation as it was', async (t) => {
    const house = await openHouse(t);
    const { ann, bob, decide } = await invitation(house);
    await decide('block', { reason: 'Same device' });
    assert.equal((await decide('unblock', { reason: 'A family' })).body['status'], 'pending');
    await house.confirm(bob);
    assert.deepEqual(await house.wallet(ann), [120, 0]);
  });

  it('after the confirmation takes nothing by itself, and with `reverse` what is unspent, once', async (t) => {
    const house = await openHouse(t);
    const { ann, bob, decide } = await invitation(house);
    await house.confirm(bob);
    // 70 minutes: the trial's 60, and 10 of the reward.
    const callId = await goLive(house, ann);
    await talk(house, callId, 70);
    await hangUp(house, callId, 70);
    assert.deepEqual(await house.wallet(ann), [50, 0]);

    assert.equal((await decide('block', { reason: 'Fraud' })).body['reversed_minutes'], 0);
    assert.deepEqual(await house.wallet(ann), [50, 0]);
    const reversed = await decide('block', { reason: 'Fraud', reverse: true });
    assert.equal(reversed.body['reversed_minutes'], 110);
    assert.deepEqual(
      [await house.wallet(ann), await house.wallet(bob)],
      [
        [0, 0],
        [60, 0],
      ],
    );
    assert.equal((await decide('block', { reason: 'Fraud', reverse: true })).body['reversed_minutes'], 110);
    assert.deepEqual(await types(house.knex, bob), ['trial', 'referral_welcome', 'reversal']);
    const rows: { reverses_id: string; actor_id: string; reason: string }[] = await house
      .knex('wallet_transactions')
      .where('type', 'reversal');
    assert.equal(rows.length, 2);
    for (const row of rows) assert.ok(row.reverses_id && row.actor_id && row.reason === 'referral_blocked');
    // Two deeds: the block, and the reversal. What changed nothing is no deed.
    assert.equal((await house.knex('audit_log')).length, 2);

    const { body } = await house.ask('GET', '/api/billing/referral', { token: ann.token });
    assert.equal(body['rewarded_minutes'], 10);
    assert.equal((await decide('unblock', { reason: 'Error' })).body['status'], 'rewarded');
    assert.deepEqual(await house.wallet(ann), [0, 0]);
  });

  it('never takes what a call holds, and takes it when it has become free', async (t) => {
    const house = await openHouse(t);
    await house.set('billing.trial_minutes', 0);
    const { ann, bob, decide } = await invitation(house);
    await house.confirm(bob);
    const callId = await goLive(house, ann);
    assert.deepEqual(await house.wallet(ann), [60, 2]);
    await decide('block', { reason: 'Fraud', reverse: true });
    assert.deepEqual(await house.wallet(ann), [2, 2]);
    assert.deepEqual(await house.billing.meter.beat(callId, 30_000), { heldMs: 120_000, coveredMs: 120_000 });
    await hangUp(house, callId, 1);
    assert.deepEqual(await house.wallet(ann), [1, 0]);
    const { body } = await decide('block', { reason: 'Fraud', reverse: true });
    assert.equal(body['reversed_minutes'], 59 + 60);
    assert.deepEqual(await house.wallet(ann), [0, 0]);
  });

  it('and a confirmation at the same time end in one of two ways, never between', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const code = await house.codeOf(ann);
    const admin = await house.staff('admin');
    let paid = 0;
    for (let n = 0; n < 8; n += 1) {
      const bob = await house.register(`bob${n}@example.com`, code);
      const { id } = await referralOf(house.knex, bob);
      const block = () =>
        house.ask('POST', `/api/admin/billing/referrals/${id}/block`, {
          token: admin.token,
          body: { reason: 'Fraud', reverse: true },
        });
      await Promise.all(n % 2 === 0 ? [block(), house.confirm(bob)] : [house.confirm(bob), block(), block()]);
      const referral = await referralOf(house.knex, bob);
      assert.equal(referral.status, 'blocked');
      assert.deepEqual(await house.wallet(bob), [60, 0]);
      assert.deepEqual(await house.wallet(ann), [60, 0]);
      if (referral.welcome_transaction_id !== null) paid += 1;
    }
    t.diagnostic(`${paid} of 8 were paid first and then reversed`);
  });

  it('taken back and a confirmation at the same time pay once', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const code = await house.codeOf(ann);
    const admin = await house.staff('admin');
    for (let n = 1; n <= 6; n += 1) {
      const bob = await house.register(`bob${n}@example.com`, code);
      const { id } = await referralOf(house.knex, bob);
      const decide = (verb: string) =>
        house.ask('POST', `/api/admin/billing/referrals/${id}/${verb}`, {
          token: admin.token,
          body: { reason: 'Fraud' },
        });
      await decide('block');
      await Promise.all([decide('unblock'), house.confirm(bob), decide('unblock')]);
      assert.equal((await referralOf(house.knex, bob)).status, 'rewarded');
      assert.deepEqual(await house.wallet(bob), [120, 0]);
      assert.deepEqual(await house.wallet(ann), [60 + n * 60, 0]);
    }
  });
});
