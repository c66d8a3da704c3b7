import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { StaffRole } from '../accounts/index.ts';
import { PANEL_PAGES } from './pages/list.ts';
import { openPanel, type PanelVisit, type TestPanel } from '../testing/panel.ts';

const ROLES = ['admin', 'support', 'analyst'] as const;

/** Who may do what: a: admin, s: support, n: analyst. What is not here is not there. */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  users: {
    list: 'as',
    search: 'as',
    show: 'as',
    edit: 'a',
    giftMinutes: 'as',
    block: 'a',
    unblock: 'a',
    deleteAccount: 'a',
  },
  referrals: { list: 'as', search: 'as', show: 'as', block: 'a', unblock: 'a' },
  calls: { list: 'as', search: 'as', show: 'as', endCall: 'as' },
  recordings: { list: 'as', search: 'as', show: 'as' },
  payments: { list: 'as', search: 'as', show: 'as', refund: 'a' },
  packages: { list: 'asn', search: 'asn', show: 'asn', new: 'a', edit: 'a' },
  ledger: { list: 'as', search: 'as', show: 'as', reverse: 'a' },
  usage: { list: 'as', search: 'as', show: 'as' },
  // Kept on pages of their own, and nowhere else.
  system_rules: {},
  settings: {},
  nodes: { list: 'asn', search: 'asn', show: 'asn', drain: 'a', resume: 'a' },
  audit: { list: 'a', search: 'a', show: 'a' },
};
const EVERY_ACTION = [
  ...new Set([...Object.values(ALLOWED).flatMap((actions) => Object.keys(actions)), 'delete', 'bulkDelete']),
];
const OF_RESOURCE: ReadonlySet<string> = new Set(['list', 'search', 'new']);

let panel: TestPanel;
let visits: Readonly<Record<StaffRole, PanelVisit>>;
const closing: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const close of closing) await close();
});
before(async () => {
  panel = await openPanel({ after: (close) => closing.unshift(close) });
  visits = {
    admin: await panel.signIn('admin'),
    support: await panel.signIn('support'),
    analyst: await panel.signIn('analyst'),
  };
});

const letter = { admin: 'a', support: 's', analyst: 'n' } as const;

it('lets each role do what it may, and answers 403 or 404 to the rest, of every table and action', async () => {
  const record = crypto.randomUUID();
  for (const role of ROLES) {
    for (const [resource, allowed] of Object.entries(ALLOWED)) {
      for (const action of EVERY_ACTION) {
        const base = `/admin/api/resources/${resource}`;
        const address = OF_RESOURCE.has(action) ? `${base}/actions/${action}` : `${base}/records/${record}/${action}`;
        const may = allowed[action]?.includes(letter[role]) ?? false;
        const read = await visits[role].get(address);
        const write = await visits[role].post(address, { idempotency_key: 'matrix-1234' });
        const what = `${role} ${resource} ${action}: GET ${read.status}, POST ${write.status}`;
        if (may) {
          // Reading by GET, making by POST, forms by both; nothing else is taken, and nothing fails.
          assert.ok(read.status === 200 || action === 'new', what);
          assert.equal(write.status, ['list', 'search', 'show'].includes(action) ? 405 : 200, what);
        } else {
          // What is there for others is refused; what is not there for anybody is not found.
          const refusal = action in allowed ? [403] : [403, 404];
          assert.ok(refusal.includes(read.status) && refusal.includes(write.status), what);
        }
      }
    }
  }
});

it('has no other door to rules and settings than their pages', async () => {
  for (const [table, page] of [
    ['system_rules', 'rules'],
    ['settings', 'settings'],
  ] as const) {
    for (const address of [`/admin/resources/${table}`, `/admin/resources/${table}/records/1/edit`]) {
      const { status, headers } = await visits.admin.get(address);
      assert.deepEqual([status, headers.get('location')], [303, `/admin/pages/${page}`], address);
    }
    assert.equal((await visits.admin.get(`/admin/api/resources/${table}/actions/list`)).status, 404);
    assert.equal((await visits.admin.post(`/admin/api/resources/${table}/actions/new`, { text: 'x' })).status, 404);
  }
});

it('shows in the menu what may be listed, and offers with a record what may be done with it', async () => {
  await panel.learner('somebody@example.com');
  for (const role of ROLES) {
    const { text } = await visits[role].get('/admin');
    const state = /window\.REDUX_STATE = (\{.*\});$/m.exec(text)?.[1] ?? '{}';
    const { resources } = JSON.parse(state) as { resources: { id: string; href: string | null }[] };
    const shown = resources.filter(({ href }) => href !== null).map(({ id }) => id);
    const may = Object.entries(ALLOWED).flatMap(([id, { list }]) => (list?.includes(letter[role]) ? [id] : []));
    assert.deepEqual(shown.toSorted(), may.toSorted(), role);
  }
  const { records = [] } = (await visits.support.get('/admin/api/resources/users/actions/list')).json();
  const offered = records[0]?.recordActions.map(({ name }) => name);
  assert.deepEqual(offered?.toSorted(), ['giftMinutes', 'show']);
});

it('shows each page to whom it is for, and refuses it to others, by every address of it', async () => {
  for (const { name, roles } of PANEL_PAGES) {
    for (const role of ROLES) {
      const wanted = roles.includes(role) ? 200 : 403;
      assert.equal((await visits[role].get(`/admin/pages/${name}`)).status, wanted, `${role} ${name}`);
      if (wanted === 403) assert.equal((await visits[role].get(`/admin/api/pages/${name}`)).status, 403, name);
    }
  }
  assert.equal((await visits.admin.get('/admin/pages/none')).status, 404);
});

it('answers the pages’ data by the same roles as the API', async () => {
  const userId = panel.staff.support.id;
  const cases: readonly [address: string, allowed: string][] = [
    ['/admin/data/billing/packages', 'asn'],
    [`/admin/data/billing/users/${userId}/billing`, 'as'],
    [`/admin/data/calls/${crypto.randomUUID()}`, 'as'],
  ];
  for (const [address, allowed] of cases) {
    for (const role of ROLES) {
      const { status } = await visits[role].get(address);
      if (allowed.includes(letter[role])) assert.ok([200, 404].includes(status), `${role} ${address}: ${status}`);
      else assert.equal(status, 403, `${role} ${address}`);
    }
  }
});
