import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openPanel, type PanelVisit, type TestPanel } from '../testing/panel.ts';

const closing: (() => Promise<void> | void)[] = [];
let panel: TestPanel;
let admin: PanelVisit;
let support: PanelVisit;
before(async () => {
  panel = await openPanel({ after: (close) => closing.unshift(close) });
  [admin, support] = [await panel.signIn('admin'), await panel.signIn('support')];
  for (let number = 0; number < 30; number += 1) await panel.learner(`learner-${number}@example.com`);
  const odd = await panel.learner('per_cent@example.com');
  await panel.knex('user_profiles').where('user_account_id', odd).update({ name: '100%_\\' });
});
after(async () => {
  assert.deepEqual(await panel.billing.checkInvariants(), []);
  for (const close of closing) await close();
});

const list = (resource: string, query = '') => admin.get(`/admin/api/resources/${resource}/actions/list${query}`);
const record = (resource: string, id: string, action: string) =>
  `/admin/api/resources/${resource}/records/${id}/${action}`;
let keys = 0;
const key = () => `test-key-${(keys += 1)}`;

describe('lists', () => {
  it('count, turn pages and sort', async () => {
    const first = (await list('users', '?perPage=20&sortBy=email&direction=asc')).json();
    const second = (await list('users', '?perPage=20&page=2&sortBy=email&direction=asc')).json();
    assert.equal(first.meta?.total, 34);
    assert.equal(first.records?.length, 20);
    assert.equal(second.records?.length, 14);
    const emails = [...(first.records ?? []), ...(second.records ?? [])].map(({ params }) => String(params['email']));
    const reversed = (await list('users', '?perPage=50&sortBy=email&direction=desc')).json().records ?? [];
    assert.equal(new Set(emails).size, 34);
    assert.deepEqual(reversed.map(({ params }) => params['email']).toReversed(), emails);
    const deepest = (await list('users', '?page=9999999')).json();
    assert.deepEqual(deepest.records, []);
  });

  it('search by what was typed, not by what it means to LIKE', async () => {
    const total = async (query: string) => (await list('users', query)).json().meta?.total;
    assert.equal(await total('?filters.email=LEARNER-1'), 11);
    assert.equal(await total('?filters.email=_'), 1);
    assert.equal(await total(`?filters.name=${encodeURIComponent('100%_\\')}`), 1);
    assert.equal(await total('?filters.name=%25%25'), 0);
    const found = (await admin.get('/admin/api/resources/users/actions/search/learner-7')).json();
    assert.deepEqual(
      found.records?.map(({ title }) => title),
      ['learner-7@example.com'],
    );
  });

  it('filter by type: choice, flag, id, time', async () => {
    const total = async (query: string) => (await list('users', query)).json().meta?.total;
    assert.equal(await total('?filters.role=analyst'), 1);
    assert.equal(await total('?filters.blocked=true'), 0);
    assert.equal(await total(`?filters.id=${panel.staff.admin.id}`), 1);
    assert.equal(await total('?filters.created_at~~from=2020-01-01T00:00:00Z'), 34);
    assert.equal(await total('?filters.created_at~~from=2020-01-01&filters.created_at~~to=2021-01-01'), 0);
  });

  it('answer 400 to filters, sorting and pages that make no sense, not 500', async () => {
    for (const query of [
      'filters.password_hash=x',
      'filters.row_version=x',
      'filters.nothing=x',
      'filters.role=king',
      'filters.blocked=perhaps',
      'filters.id=42',
      'filters.created_at=yesterday',
      'filters.created_at~~from=tomorrow',
      'filters.created_at~~under=2020-01-01',
      'filters.email~~from=a',
      'filters.__proto__.x=1',
      'filters[email]=x',
      'filters.email=a&filters.email=b',
      'filters.email=%00',
      'sortBy=password_hash',
      'sortBy=name;drop',
      'sortBy=minutes_held',
      'direction=sideways',
      'page=-1',
      'page=one',
      'perPage=lots',
    ]) {
      assert.equal((await list('users', `?${query}`)).status, 400, query);
    }
    assert.equal(
      (await admin.get('/admin/api/resources/users/actions/search/a?searchProperty=password_hash')).status,
      400,
    );
  });

  it('answer 400 to addresses that cannot be read', async () => {
    for (const address of ['api/resources/users/actions/search/%ff', 'resources/%ff', 'data/calls/%ff']) {
      const { status, text } = await admin.get(`/admin/${address}`);
      assert.deepEqual([status, (JSON.parse(text) as { code: string }).code], [400, 'address_malformed'], address);
    }
  });

  it('answer 404 for what there is none of', async () => {
    for (const address of [
      '/admin/api/resources/nothing/actions/list',
      '/admin/api/resources/users/actions/fly',
      '/admin/api/resources/users/actions/constructor',
      '/admin/api/resources/users/actions/edit',
      '/admin/api/resources/users/records/42/show',
      `/admin/api/resources/users/records/${panel.staff.admin.id}/list`,
      '/admin/api/resources/users/bulk/bulkDelete?recordIds=1',
      '/admin/api/resources/%E0%A4%A/actions/list',
      // AdminJS's older way to search, which it complains about itself.
      '/admin/api/resources/users/search/anna',
      '/admin/api/resources',
    ]) {
      assert.equal((await admin.get(address)).status, 404, address);
    }
  });

  it('read every table, also an empty one, and show records without what is not to be shown', async () => {
    for (const resource of [
      'referrals',
      'calls',
      'recordings',
      'payments',
      'packages',
      'ledger',
      'usage',
      'nodes',
      'audit',
    ]) {
      assert.equal((await list(resource)).status, 200, resource);
    }
    const { text } = await admin.get(record('users', panel.staff.admin.id, 'show'));
    assert.doesNotMatch(text, /password|token_version/);
  });
});

describe('forms', () => {
  it('change what may be changed of the record in the address, and nothing else', async () => {
    const [victim, target] = [await panel.learner('victim@example.com'), await panel.learner('target@example.com')];
    const opened = (await admin.get(record('users', target, 'edit'))).json();
    const answer = await admin.post(record('users', target, 'edit'), {
      ...textOf(opened.record?.params),
      id: victim,
      name: 'Target',
      email: 'stolen@example.com',
      password_hash: 'x',
      minutes_balance: '1000',
      blocked_at: '2020-01-01',
    });
    assert.equal(answer.json().notice?.type, 'success', answer.text);
    const people = await panel
      .knex('user_accounts')
      .join('user_profiles', 'user_account_id', 'id')
      .whereIn('id', [victim, target])
      .orderBy('email');
    assert.deepEqual(
      people.map(({ email, name, minutes_balance: minutes, blocked_at: blocked }) => [email, name, minutes, blocked]),
      [
        ['target@example.com', 'Target', '0.00', null],
        ['victim@example.com', '', '0.00', null],
      ],
    );
    const written = await panel.knex('audit_log').where({ action: 'user.update', subject_id: target });
    assert.deepEqual(
      written.map(({ actor_id: actor, details, ip }) => [actor, details, ip]),
      [[panel.staff.admin.id, { before: { name: '' }, after: { name: '…' } }, '127.0.0.1']],
    );
  });

  it('refuse the second of two editors, whose form is older than the record', async () => {
    const id = await panel.learner('edited@example.com');
    const opened = textOf((await admin.get(record('users', id, 'edit'))).json().record?.params);
    const save = (fields: Record<string, string>) => admin.post(record('users', id, 'edit'), { ...opened, ...fields });
    const [one, two] = await Promise.all([save({ name: 'One' }), save({ name: 'Two' })]);
    const outcomes = [one.json(), two.json()];
    assert.deepEqual(new Set(outcomes.map(({ notice }) => notice?.type)), new Set(['error', 'success']));
    const refused = outcomes.find(({ notice }) => notice?.type === 'error');
    assert.equal(refused?.record?.errors['name']?.message, 'edit_conflict');
    const without = await admin.post(record('users', id, 'edit'), { name: 'Three' });
    assert.equal(without.json().record?.errors['name']?.message, 'edit_conflict', 'a form without a version');
    // What does not belong to the form does not count: the wallet changes while somebody edits.
    const fresh = textOf((await admin.get(record('users', id, 'edit'))).json().record?.params);
    await panel.billing.staff.gift({
      userId: id,
      minutes: '5',
      reason: 'meanwhile',
      idempotencyKey: key(),
      by: { actorId: panel.staff.admin.id, ip: '192.0.2.1' },
    });
    const later = await admin.post(record('users', id, 'edit'), { ...fresh, name: 'Four' });
    assert.equal(later.json().notice?.type, 'success', later.text);
  });

  it('say at the field what is wrong with it, by the services’ rules and the database’s', async () => {
    const create = (fields: Record<string, string>) => admin.post('/admin/api/resources/packages/actions/new', fields);
    const errors = async (fields: Record<string, string>) =>
      Object.entries((await create(fields)).json().record?.errors ?? {}).map(
        ([name, { message }]) => `${name} ${message}`,
      );
    const start = { name: 'Newcomer', min_amount_rub: '500', discount_percent: '5,5', is_active: 'true' };
    assert.equal((await create(start)).json().notice?.type, 'success');
    assert.deepEqual(await errors({}), [
      'name fieldRequired',
      'min_amount_rub fieldRequired',
      'discount_percent fieldRequired',
    ]);
    assert.deepEqual(await errors({ ...start, min_amount_rub: '1e3', discount_percent: 'NaN' }), [
      'min_amount_rub fieldInvalid',
      'discount_percent fieldInvalid',
    ]);
    assert.deepEqual(await errors({ ...start, name: 'Twin' }), ['min_amount_rub package_minimum_taken']);
    assert.deepEqual(await errors({ ...start, min_amount_rub: '600', discount_percent: '0' }), [
      'discount_percent package_not_monotonic',
    ]);
    assert.deepEqual(await errors({ ...start, min_amount_rub: '600', discount_percent: '100' }), ['name fieldRefused']);
    const [saved] = (await list('packages', '?filters.name=newcomer')).json().records ?? [];
    assert.deepEqual(
      [saved?.params['min_amount_rub'], saved?.params['discount_percent'], saved?.params['is_active']],
      ['500.00', '5.50', true],
    );
    const opened = textOf((await admin.get(record('packages', saved?.id ?? '', 'edit'))).json().record?.params);
    const changed = await admin.post(record('packages', saved?.id ?? '', 'edit'), {
      ...opened,
      discount_percent: '6',
      name_ru: 'Новичок',
    });
    assert.equal(changed.json().notice?.type, 'success', changed.text);
    const named = textOf((await admin.get(record('packages', saved?.id ?? '', 'edit'))).json().record?.params);
    assert.equal(named['name_ru'], 'Новичок');
    const emptied = await admin.post(record('packages', saved?.id ?? '', 'edit'), { ...named, name_ru: '' });
    assert.equal(emptied.json().notice?.type, 'success', emptied.text);
    assert.equal((await panel.knex('billing_packages').where('id', saved?.id).first()).name_ru, null);
    const audit = await panel.knex('audit_log').where('action', 'billing_package.update').first();
    assert.deepEqual(
      [audit.details.before.discount_basis_points, audit.details.after.discount_basis_points],
      [550, 600],
    );
  });
});

describe('actions', () => {
  it('do nothing by GET, and nothing without the form’s key', async () => {
    const id = await panel.learner('quiet@example.com');
    const { status, text } = await admin.get(`${record('users', id, 'block')}?reason=because&idempotency_key=${key()}`);
    assert.equal(status, 200, text);
    const unkeyed = await admin.post(record('users', id, 'block'), { reason: 'because' });
    assert.equal(unkeyed.json().notice?.type, 'error');
    const vague = await admin.post(record('users', id, 'block'), { reason: ' ', idempotency_key: key() });
    assert.equal(vague.json().record?.errors['reason']?.message, 'fieldInvalid');
    const row = await panel.knex('user_accounts').where({ id }).first();
    assert.equal(row.blocked_at, null);
  });

  it('change nothing by GET, whatever it carries', async () => {
    const id = await panel.learner('untouched@example.com');
    const { id: node } = await panel
      .knex('media_nodes')
      .insert({ id: 'media-get', url: 'http://127.0.0.1:1', public_path: '/rtc/media-get', capacity: 1 })
      .returning('id')
      .then(([row]) => row);
    const payment = await panel.deposit(id, 50_000);
    const [entry] = await panel.knex('wallet_transactions').where({ user_account_id: id });
    const states = async (): Promise<unknown> => ({
      account: await panel.knex('user_accounts').where({ id }).first(),
      profile: await panel.knex('user_profiles').where('user_account_id', id).first(),
      packages: await panel.knex('billing_packages').orderBy('id'),
      payment: await panel.knex('payments').where('id', payment).first('status', 'refunded_kopecks'),
      node: await panel.knex('media_nodes').where('id', node).first('draining'),
      audit: await panel.knex('audit_log').count().first(),
    });
    const untouched = await states();
    const query = `reason=because&minutes=5&name=Other&role=admin&amount=1&kind=refund&email=untouched@example.com&idempotency_key=${key()}`;
    for (const address of [
      ...['edit', 'giftMinutes', 'block', 'deleteAccount'].map((action) => record('users', id, action)),
      record('payments', payment, 'refund'),
      record('ledger', entry.id, 'reverse'),
      record('nodes', node, 'drain'),
      '/admin/api/resources/packages/actions/new',
      '/admin/logout',
      '/admin/logout-everywhere',
      `/admin/data/users/${id}/block`,
      `/admin/data/billing/users/${id}/gift`,
    ]) {
      const { status } = await admin.get(`${address}?${query}`);
      assert.ok([200, 404, 405].includes(status), `${address}: ${status}`);
    }
    assert.deepEqual(await states(), untouched);
    assert.equal((await admin.get(record('users', id, 'show'))).status, 200, 'still signed in');
  });

  it('give minutes once, however often the form is sent', async () => {
    const id = await panel.learner('gifted@example.com');
    const fields = { minutes: '12,5', reason: 'for patience', idempotency_key: key() };
    const answers = await Promise.all([1, 2, 3].map(() => support.post(record('users', id, 'giftMinutes'), fields)));
    for (const answer of answers) assert.deepEqual(answer.json().notice, { message: 'giftGiven', type: 'success' });
    assert.equal(answers[0]?.json().record?.params['minutes_balance'], '12.50');
    const large = await support.post(record('users', id, 'giftMinutes'), {
      ...fields,
      minutes: '999999',
      idempotency_key: key(),
    });
    assert.equal(large.json().notice?.message, 'gift_too_large');
    const [entry] = (await list('ledger', `?filters.user_account_id=${id}`)).json().records ?? [];
    assert.equal(entry?.params['minutes_delta'], '12.50');
    const reversal = { reason: 'a mistake', idempotency_key: key() };
    const reverse = () => admin.post(record('ledger', entry?.id ?? '', 'reverse'), reversal);
    assert.equal((await reverse()).json().notice?.message, 'entryReversed');
    assert.equal((await reverse()).json().notice?.message, 'entryReversed', 'a double click');
    assert.deepEqual(
      await panel
        .knex('audit_log')
        .whereIn('action', ['gift.give', 'ledger.reverse'])
        .whereIn('subject_id', [id, entry?.id])
        .pluck('action'),
      ['gift.give', 'ledger.reverse'],
    );
    assert.equal((await panel.billing.balance(id)).balance, 0);
  });

  it('block an account, whose call is asked to end, and open it again', async () => {
    const id = await panel.learner('rude@example.com');
    const callId = await placeCall(id);
    assert.equal(
      (await admin.post(record('users', id, 'block'), { reason: 'rude words', idempotency_key: key() })).json().notice
        ?.type,
      'success',
    );
    const call = await panel.knex('calls').where('id', callId).first();
    assert.equal(call.end_requested, 'blocked');
    const own = await admin.post(record('users', panel.staff.admin.id, 'block'), {
      reason: 'a test',
      idempotency_key: key(),
    });
    assert.equal(own.json().notice?.message, 'own_account');
    assert.equal(
      (await admin.post(record('users', id, 'unblock'), { reason: 'sorry', idempotency_key: key() })).json().notice
        ?.type,
      'success',
    );
  });

  it('delete an account once its address was typed, for administrators, for good', async () => {
    const id = await panel.learner('leaving@example.com');
    const send = (fields: Record<string, string>, by = admin) =>
      by.post(record('users', id, 'deleteAccount'), { idempotency_key: key(), ...fields });
    assert.equal((await send({ email: 'leaving@example.com', reason: 'asked' }, support)).status, 403);
    const mistyped = await send({ email: 'learner-1@example.com', reason: 'asked' });
    assert.equal(mistyped.json().record?.errors['email']?.message, 'address_differs');
    const vague = await send({ email: 'leaving@example.com', reason: 'because' });
    assert.equal(vague.json().record?.errors['reason']?.message, 'fieldInvalid');
    const fields = { email: ' Leaving@Example.com ', reason: 'asked', idempotency_key: key() };
    const answers = await Promise.all([1, 2].map(() => send(fields)));
    answers.push(await send(fields));
    for (const answer of answers)
      assert.deepEqual(answer.json().notice, { message: 'userDeleted', type: 'success' }, answer.text);
    const written = await panel.knex('audit_log').where({ action: 'user.delete', subject_id: id });
    assert.deepEqual(
      written.map(({ actor_id: actor, ip }) => [actor, ip]),
      [[panel.staff.admin.id, '127.0.0.1']],
    );
    const shown = (await admin.get(record('users', id, 'show'))).json().record;
    assert.equal(shown?.params['deleted'], true);
    assert.doesNotMatch(JSON.stringify(shown), /leaving/);
    assert.deepEqual(shown?.recordActions.map(({ name }) => name).toSorted(), ['edit', 'show']);
    const own = await admin.post(record('users', panel.staff.admin.id, 'deleteAccount'), {
      email: panel.staff.admin.email,
      reason: 'other',
      idempotency_key: key(),
    });
    assert.equal(own.json().record?.errors['email']?.message, 'own_account');
  });

  it('end a call, drain a node and take it back, block and open a referral', async () => {
    const [one, two] = [await panel.learner('one@example.com'), await panel.learner('two@example.com')];
    const callId = await placeCall(one);
    const post = (resource: string, id: string, action: string, visit = admin) =>
      visit.post(record(resource, id, action), { reason: 'a test', idempotency_key: key() });
    assert.equal((await post('calls', callId, 'endCall', support)).json().notice?.message, 'callEnding');
    assert.equal((await post('calls', callId, 'endCall')).json().notice?.message, 'callEnding', 'again');
    const call = await panel.knex('calls').where('id', callId).first();
    assert.deepEqual([call.status, call.end_reason], ['ended', 'ended_by_staff']);
    const shown = await support.get(`/admin/data/calls/${callId}`);
    assert.equal(shown.status, 200, shown.text);

    await panel
      .knex('media_nodes')
      .insert({ id: 'media-9', url: 'http://127.0.0.1:1', public_path: '/rtc/media-9', capacity: 5 });
    assert.equal((await post('nodes', 'media-9', 'drain')).json().record?.params['draining'], true);
    assert.equal((await post('nodes', 'media-9', 'resume')).json().record?.params['draining'], false);

    const [referral] = await panel
      .knex('referrals')
      .insert({ referrer_id: one, referred_id: two, status: 'pending' })
      .returning('id');
    assert.equal((await post('referrals', referral.id, 'unblock')).json().notice?.message, 'referral_not_blocked');
    assert.equal((await post('referrals', referral.id, 'block')).json().record?.params['status'], 'blocked');
    assert.equal((await post('referrals', referral.id, 'unblock')).json().record?.params['status'], 'pending');
  });
});

async function placeCall(userId: string): Promise<string> {
  await panel.billing.staff.gift({
    userId,
    minutes: '10',
    reason: 'to call with',
    idempotencyKey: key(),
    by: { actorId: panel.staff.admin.id, ip: '192.0.2.1' },
  });
  return panel.knex.transaction(async (transaction) => {
    const [call] = await transaction('calls')
      .insert({ user_account_id: userId, node_id: 'media-none', language: 'en', level: 'beginner' })
      .returning('id');
    await panel.billing.openCall(transaction, { callId: call.id, userId });
    return call.id as string;
  });
}

/** As AdminJS's form sends a record back. */
function textOf(params: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value === null ? '__FORM_VALUE_NULL__' : JSON.stringify(value),
    ]),
  );
}
