import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { insertCall, markCallLive } from '../testing/stored-learners.ts';
import { openHouse, type House, type Learner } from '../testing/house.ts';

const NOBODY = '01890a5d-ac96-774b-bcce-b302099a8057';
const KEY = { 'idempotency-key': 'k1' };

function give(house: House, giver: Learner, userId: string, body: unknown, headers: Record<string, string> = KEY) {
  return house.ask('POST', `/api/admin/billing/users/${userId}/gift`, { token: giver.token, body, headers });
}

async function giftsOf(
  house: House,
  { id }: Learner,
): Promise<{ actor_id: string; reason: string; minutes_delta: string }[]> {
  return house.knex('wallet_transactions').where({ user_account_id: id, type: 'gift' });
}

describe('a gift', () => {
  it('is given once for a key, with its giver and reason, and stands in the audit log', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const support = await house.staff('support');
    const gift = { minutes: 12.5, reason: 'A call that broke off' };
    const answers = await Promise.all([1, 2, 3].map(() => give(house, support, ann.id, gift)));
    for (const { status, body } of answers) {
      assert.equal(status, 201);
      assert.deepEqual([body['minutes'], body['balance_after']], [12.5, 72.5]);
    }
    assert.equal(new Set(answers.map(({ body }) => body['transaction_id'])).size, 1);
    assert.deepEqual(await house.wallet(ann), [72.5, 0]);
    const [row] = await giftsOf(house, ann);
    assert.deepEqual([row?.actor_id, row?.reason], [support.id, gift.reason]);
    const audit: { actor_id: string; action: string; subject_id: string }[] = await house.knex('audit_log');
    assert.deepEqual(
      audit.map(({ actor_id: actor, action, subject_id: subject }) => [actor, action, subject]),
      [[support.id, 'gift.give', ann.id]],
    );
    const balance = await house.ask('GET', '/api/billing/balance', { token: ann.token });
    assert.match(balance.text, /A call that broke off/);
  });

  it('with the same key is refused when it is another one; another giver’s key is another', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const [support, admin] = [await house.staff('support'), await house.staff('admin')];
    await give(house, support, ann.id, { minutes: 1, reason: 'Sorry' });
    const other = await give(house, support, ann.id, { minutes: 2, reason: 'Sorry' });
    assert.deepEqual([other.status, other.body['code']], [409, 'idempotency_key_reused']);
    assert.equal((await give(house, support, admin.id, { minutes: 1, reason: 'Sorry' })).status, 409);
    assert.equal((await give(house, admin, ann.id, { minutes: 1, reason: 'Sorry' })).status, 201);
    assert.deepEqual(await house.wallet(ann), [62, 0]);
  });

  it('is positive, of two decimals and within the limit, which staff may set', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const admin = await house.staff('admin');
    for (const minutes of [0, -1, 0.001, 1.005, 1e-7, 1e300, 1_000_001, '5', null, undefined, [5]]) {
      const { status, body } = await give(house, admin, ann.id, { minutes, reason: 'Sorry' });
      assert.deepEqual([status, body['code']], [400, 'request_invalid'], String(minutes));
    }
    const large = await give(house, admin, ann.id, { minutes: 600.01, reason: 'Sorry' });
    assert.deepEqual([large.status, large.body['code'], large.body['max_minutes']], [400, 'gift_too_large', 600]);
    assert.deepEqual(await house.wallet(ann), [60, 0]);
    assert.equal((await house.knex('audit_log')).length, 0);
    assert.equal((await give(house, admin, ann.id, { minutes: 600, reason: 'Sorry' })).status, 201);
    await house.set('billing.gift_max_minutes', 5);
    // The same request again is still that gift, and not a new one over the limit.
    assert.equal((await give(house, admin, ann.id, { minutes: 600, reason: 'Sorry' })).status, 201);
    const second = await give(house, admin, ann.id, { minutes: 6, reason: 'Sorry' }, { 'idempotency-key': 'k2' });
    assert.equal(second.body['code'], 'gift_too_large');
    assert.deepEqual(await house.wallet(ann), [660, 0]);
  });

  it('has a key, a reason and somebody to get it', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const admin = await house.staff('admin');
    const gift = { minutes: 1, reason: 'Sorry' };
    assert.equal((await give(house, admin, ann.id, gift, {})).body['code'], 'idempotency_key_missing');
    assert.equal((await give(house, admin, NOBODY, gift)).body['code'], 'user_not_found');
    assert.equal((await give(house, admin, 'me', gift)).status, 400);
    for (const body of [
      { minutes: 1 },
      { ...gift, reason: '  ' },
      { ...gift, reason: 'x'.repeat(501) },
      { ...gift, reason: 'a\u0000bc' },
      { ...gift, price: 5 },
      [],
    ]) {
      assert.equal((await give(house, admin, ann.id, body)).status, 400, JSON.stringify(body));
    }
    assert.deepEqual(await house.wallet(ann), [60, 0]);
  });
});

describe('staff routes', () => {
  it('are for the roles they name', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const staff = {
      student: ann,
      support: await house.staff('support'),
      analyst: await house.staff('analyst'),
      admin: await house.staff('admin'),
    };
    const gift = { body: { minutes: 1, reason: 'Sorry' }, headers: KEY };
    const routes: [method: string, address: string, request: object, allowed: (keyof typeof staff)[]][] = [
      ['GET', `/api/admin/billing/users/${ann.id}/billing`, {}, ['support', 'admin']],
      ['GET', '/api/admin/billing/referrals', {}, ['support', 'admin']],
      ['POST', `/api/admin/billing/users/${ann.id}/gift`, gift, ['support', 'admin']],
      ['POST', `/api/admin/billing/referrals/${NOBODY}/block`, { body: { reason: 'Fraud' } }, ['admin']],
      ['POST', `/api/admin/billing/referrals/${NOBODY}/unblock`, { body: { reason: 'Error' } }, ['admin']],
    ];
    for (const [method, address, request, allowed] of routes) {
      for (const [role, { token }] of Object.entries(staff)) {
        const { status, body } = await house.ask(method, address, { ...request, token });
        const refused = status === 403 && body['code'] === 'role_not_allowed';
        assert.equal(refused, !allowed.some((each) => each === role), `${role} ${method} ${address}: ${status}`);
      }
      assert.equal((await house.ask(method, address, request)).status, 401);
    }
  });
});

describe('a user’s books', () => {
  it('show balances, lots, charged calls and the ledger by pages', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const admin = await house.staff('admin');
    await give(house, admin, ann.id, { minutes: 1.25, reason: 'Sorry' });
    const callId = await house.knex.transaction(async (transaction) => {
      const id = await insertCall(transaction, ann.id);
      await house.billing.openCall(transaction, { callId: id, userId: ann.id });
      return id;
    });
    await markCallLive(house.knex, callId);
    await house.billing.meter.end(callId, { reason: 'hang_up', talkedMs: 61_000 });
    await house.billing.finalizeCall(callId);

    const address = `/api/admin/billing/users/${ann.id}/billing`;
    const { status, body } = await house.ask('GET', address, { token: admin.token });
    assert.equal(status, 200);
    assert.equal((body['user'] as { email: string }).email, ann.email);
    assert.deepEqual(
      [body['minutes_balance'], body['minutes_held'], body['minutes_available'], body['minutes_owed']],
      [59.25, 0, 59.25, 0],
    );
    const lots = body['lots'] as { kind: string; remaining_minutes: number }[];
    assert.deepEqual(
      lots.map(({ kind, remaining_minutes: left }) => [kind, left]),
      [
        ['free', 58],
        ['free', 1.25],
      ],
    );
    const [session] = body['sessions'] as Record<string, unknown>[];
    assert.deepEqual(
      [session?.['call_id'], session?.['billed_minutes'], session?.['billed_amount_rub'], session?.['end_reason']],
      [callId, 2, 10, 'hang_up'],
    );

    assert.deepEqual(body['payments'], []);

    const types: unknown[] = [];
    let cursor = '';
    for (let page = 0; page < 4; page += 1) {
      const part = await house.ask('GET', `${address}?limit=1${cursor}`, { token: admin.token });
      for (const row of part.body['transactions'] as { type: string; actor_id: unknown; reason: unknown }[]) {
        types.push([row.type, row.actor_id, row.reason]);
      }
      const next = part.body['next_cursor'];
      if (typeof next !== 'string') break;
      cursor = `&cursor=${next}`;
    }
    assert.deepEqual(types, [
      ['usage', null, null],
      ['gift', admin.id, 'Sorry'],
      ['trial', null, null],
    ]);
  });

  it('show the payments, the latest first', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const support = await house.staff('support');
    for (const [key, amount] of [
      ['a', 30_000],
      ['b', 100_050],
    ] as const) {
      await house.knex('payments').insert({
        user_account_id: ann.id,
        amount_kopecks: amount,
        provider: 'test',
        idempotency_key: key,
        tariff_snapshot: '{}',
        quoted_minutes: '60.00',
      });
    }
    const { body } = await house.ask('GET', `/api/admin/billing/users/${ann.id}/billing`, { token: support.token });
    const payments = body['payments'] as Record<string, unknown>[];
    assert.deepEqual(
      payments.map((payment) => [
        payment['status'],
        payment['amount_rub'],
        payment['captured_rub'],
        payment['paid_at'],
      ]),
      [
        ['created', 1000.5, null, null],
        ['created', 300, null, null],
      ],
    );
  });

  it('parse what they are asked for', async (t) => {
    const house = await openHouse(t);
    const admin = await house.staff('admin');
    const get = (address: string) => house.ask('GET', address, { token: admin.token });
    assert.equal((await get(`/api/admin/billing/users/${NOBODY}/billing`)).body['code'], 'user_not_found');
    for (const address of [
      '/api/admin/billing/users/1/billing',
      `/api/admin/billing/users/${NOBODY}/billing?limit=0`,
      `/api/admin/billing/users/${NOBODY}/billing?cursor=x`,
      `/api/admin/billing/users/${NOBODY}/billing?cursor=1e30`,
      `/api/admin/billing/users/${NOBODY}/billing?order=up`,
    ]) {
      assert.equal((await get(address)).status, 400, address);
    }
  });
});

describe('the list of referrals', () => {
  it('goes by pages, the newest first, and by what is asked for', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const code = await house.codeOf(ann);
    const invited = [];
    for (let n = 0; n < 5; n += 1) invited.push(await house.register(`b${n}@example.com`, code));
    await house.confirm(invited[1]!);
    await house.register('ann+1@example.com', code);
    const support = await house.staff('support');
    const list = async (query: string) => {
      const { status, body, text } = await house.ask('GET', `/api/admin/billing/referrals${query}`, {
        token: support.token,
      });
      assert.equal(status, 200, text);
      const rows = body['referrals'] as { id: string; status: string; referred: { email: string } }[];
      return { rows, emails: rows.map(({ referred }) => referred.email), next: body['next_cursor'] };
    };
    const all = ['ann+1', 'b4', 'b3', 'b2', 'b1', 'b0'].map((name) => `${name}@example.com`);
    assert.deepEqual((await list('')).emails, all);
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const page = await list(`?limit=4${cursor}`);
      seen.push(...page.emails);
      if (typeof page.next !== 'string') break;
      cursor = `&cursor=${page.next}`;
    }
    assert.deepEqual(seen, all);
    assert.deepEqual((await list('?status=rewarded')).emails, ['b1@example.com']);
    assert.deepEqual((await list('?status=blocked')).emails, ['ann+1@example.com']);
    assert.deepEqual((await list(`?referred_id=${invited[2]!.id}`)).emails, ['b2@example.com']);
    assert.equal((await list(`?referrer_id=${ann.id}&status=pending`)).rows.length, 4);
    assert.deepEqual((await list(`?referrer_id=${support.id}`)).rows, []);
    for (const query of ['?status=paid', '?referrer_id=1', '?cursor=1', '?limit=101', '?q=x']) {
      const { status } = await house.ask('GET', `/api/admin/billing/referrals${query}`, { token: support.token });
      assert.equal(status, 400, query);
    }
  });

  it('refuses a decision on what is not there, or without a reason', async (t) => {
    const house = await openHouse(t);
    const { token } = await house.staff('admin');
    for (const verb of ['block', 'unblock']) {
      const post = (id: string, body: unknown) =>
        house.ask('POST', `/api/admin/billing/referrals/${id}/${verb}`, { token, body });
      assert.deepEqual((await post(NOBODY, { reason: 'Fraud' })).body['code'], 'referral_not_found');
      assert.equal((await post('1', { reason: 'Fraud' })).status, 400);
      for (const body of [{}, { reason: ' ' }, { reason: 'Fraud', reverse: 'yes' }, { reason: 'Fraud', minutes: 1 }]) {
        assert.equal((await post(NOBODY, body)).status, 400, JSON.stringify(body));
      }
    }
  });
});

describe('one’s own invitations', () => {
  it('tell the link and what it earned, to staff who never registered too', async (t) => {
    const house = await openHouse(t);
    const ann = await house.register('ann@example.com');
    const code = await house.codeOf(ann);
    const bob = await house.register('bob@example.com', code);
    await house.register('carl@example.com', code);
    await house.confirm(bob);
    const { body } = await house.ask('GET', '/api/billing/referral', { token: ann.token });
    assert.deepEqual(body, {
      code,
      link: `https://ailingva.example/register?ref=${code}`,
      minutes_each: 60,
      invited: 2,
      confirmed: 1,
      rewarded_minutes: 60,
    });
    await house.accounts.ensureAdmin({ email: 'boss@example.com', password: 'the password given' });
    const { token } = await house.accounts.login({
      email: 'boss@example.com',
      password: 'the password given',
      ip: '192.0.2.1',
    });
    const codes = await Promise.all([1, 2, 3].map(() => house.codeOf({ token })));
    assert.equal(new Set(codes).size, 1);
    assert.equal((await house.ask('GET', '/api/billing/referral')).status, 401);
  });
});
