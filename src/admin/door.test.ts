import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openPanel, PANEL_PASSWORD, type TestPanel } from '../testing/panel.ts';

/** The panel's door: who gets in, what stays outside. One panel for all tests of the file. */
describe('the door of the panel', () => {
  let panel: TestPanel;
  const closing: (() => Promise<void> | void)[] = [];
  before(async () => {
    panel = await openPanel({ after: (close) => closing.unshift(close) });
  });
  after(async () => {
    for (const close of closing) await close();
  });
  const raw = (address: string, init: RequestInit = {}) => fetch(panel.url + address, { redirect: 'manual', ...init });
  const form = (fields: Record<string, string>) => new URLSearchParams(fields);

  it('sends a stranger to the sign-in, and answers 401 to what is no page', async () => {
    for (const address of ['/admin', '/admin/resources/users', '/admin/pages/none']) {
      const answer = await raw(address);
      assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/admin/login'], address);
    }
    for (const address of ['/admin/api/resources/users/actions/list', '/admin/data/billing/packages']) {
      assert.equal((await raw(address)).status, 401, address);
    }
  });

  it('signs in under a new session id, in a cookie that scripts and other sites do not get', async () => {
    const { email } = panel.staff.admin;
    const body = form({ email, password: PANEL_PASSWORD });
    // A session that an attacker knows, planted before.
    const first = await panel.signIn('analyst');
    const answer = await raw('/admin/login', {
      method: 'POST',
      body,
      headers: { origin: panel.url, cookie: first.cookie },
    });
    const [cookie = ''] = answer.headers.getSetCookie();
    assert.equal(answer.status, 303);
    assert.match(cookie, /^ailingva\.panel=.*; Path=\/admin; Expires=.*; HttpOnly; SameSite=Lax$/);
    assert.notEqual(cookie.split(';')[0], first.cookie);
    assert.equal((await first.get('/admin/data/billing/packages')).status, 401, 'the planted session is void');
    const stored = await panel.knex('panel_sessions').select('sess');
    assert.ok(!JSON.stringify(stored).includes(email), 'a session knows no more than an id');
  });

  it('lets nobody stay longer than a day, however busy they are', async () => {
    const visit = await panel.signIn('support');
    const [, id = ''] = /=s%3A([^.]+)\./.exec(visit.cookie) ?? [];
    const signedIn = async (hoursAgo: number): Promise<void> => {
      const sess = panel.knex.raw(`jsonb_set(sess::jsonb, '{signedInAt}', to_jsonb(?::bigint))`, [
        Date.now() - hoursAgo * 3600_000,
      ]);
      assert.equal(await panel.knex('panel_sessions').where('sid', id).update({ sess }), 1);
    };
    await signedIn(23.9);
    assert.equal((await visit.get('/admin/data/billing/packages')).status, 200);
    await signedIn(24.1);
    assert.equal((await visit.get('/admin/login')).status, 200, 'the form, and not a way back in');
    assert.equal((await visit.get('/admin/data/billing/packages')).status, 401);
    assert.deepEqual(await panel.knex('panel_sessions').where('sid', id), []);
  });

  it('says no more than that address or password is wrong, and lets a learner not in', async () => {
    const learnerEmail = 'learner@example.com';
    await panel.learner(learnerEmail);
    const post = (fields: Record<string, string>) =>
      raw('/admin/login', { method: 'POST', body: form(fields), headers: { origin: panel.url } });
    const wrong = await post({ email: panel.staff.admin.email, password: 'wrong' });
    assert.equal(wrong.status, 401);
    assert.match(await wrong.text(), /credentials_invalid/);
    assert.equal((await post({ email: `';alert(1)//<script>`, password: 'x' })).status, 401);
    assert.equal((await post({ email: learnerEmail, password: PANEL_PASSWORD })).status, 403);
  });

  it('stops counting passwords out', async () => {
    const post = () =>
      raw('/admin/login', {
        method: 'POST',
        body: form({ email: 'nobody@example.com', password: 'wrong' }),
        headers: { origin: panel.url },
      });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) statuses.push((await post()).status);
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
  });

  it('takes no post from another site', async () => {
    const visit = await panel.signIn('admin');
    const gift = `/admin/api/resources/users/records/${panel.staff.support.id}/giftMinutes`;
    const fields = { minutes: '5', reason: 'a test', idempotency_key: 'cross-site-1' };
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      assert.equal((await visit.post(gift, fields, headers)).status, 403, JSON.stringify(headers));
    }
    const without = await raw(gift, { method: 'POST', headers: { cookie: visit.cookie }, body: form(fields) });
    assert.equal(without.status, 403, 'neither header');
    assert.deepEqual(await panel.knex('wallet_transactions'), []);
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      assert.notEqual((await raw(gift, { method, headers: { cookie: visit.cookie } })).status, 200, method);
    }
  });

  it('reads no stranger’s body, and takes no files from anybody', async () => {
    const upload = new FormData();
    upload.set('file', new Blob(['x'.repeat(1000)]), 'file.txt');
    const send = (address: string, cookie = '') =>
      raw(address, { method: 'POST', body: upload, headers: { origin: panel.url, cookie } });
    assert.equal((await send('/admin/api/resources/users/actions/new')).status, 401);
    assert.equal((await send('/admin/login')).status, 415);
    const visit = await panel.signIn('admin');
    const refused = await send('/admin/api/resources/packages/actions/new', visit.cookie);
    assert.deepEqual([refused.status, ((await refused.json()) as { code: string }).code], [400, 'uploads_refused']);
    const big = await visit.post('/admin/api/resources/packages/actions/new', { name: 'x'.repeat(300_000) });
    assert.equal(big.status, 413);
    const odd = await raw('/admin/api/resources/packages/actions/new', {
      method: 'POST',
      body: '<xml/>',
      headers: { origin: panel.url, cookie: visit.cookie, 'content-type': 'text/xml' },
    });
    assert.equal(odd.status, 415);
  });

  it('prints scripts under a nonce alone, loads from no other host, and tells little of whoever is signed in', async () => {
    const visit = await panel.signIn('support');
    const { text, headers } = await visit.get('/admin');
    const policy = headers.get('content-security-policy') ?? '';
    const [, nonce = ''] = /script-src 'self' 'nonce-([^']+)'/.exec(policy) ?? [];
    assert.match(nonce, /^[A-Za-z0-9+/]{22}==$/);
    const scripts = text.match(/<script[^>]*>/g) ?? [];
    assert.ok(scripts.length >= 6);
    assert.ok(scripts.every((tag) => tag.includes(`nonce="${nonce}"`)));
    assert.doesNotMatch(policy, /script-src[^;]*unsafe/);
    const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    assert.deepEqual(
      loaded.filter((address) => !address?.startsWith('/admin/')),
      [],
    );
    const [, session = '{}'] = /"session":(\{[^}]*\})/.exec(text) ?? [];
    assert.deepEqual(Object.keys(JSON.parse(session)).toSorted(), ['email', 'id', 'role']);
    assert.ok(!/password_hash|tokenVersion|127\.0\.0\.1/.test(text));
    const again = await visit.get('/admin');
    assert.notEqual(again.headers.get('content-security-policy'), policy, 'a nonce is used once');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('referrer-policy'), 'same-origin');
  });

  it('breaks out of no page by an address that somebody chose', async () => {
    await panel
      .knex('user_accounts')
      .where('id', panel.staff.analyst.id)
      .update({ email: `a</script><b>'"@example.com` });
    const pass = await panel.knex('user_accounts').where('id', panel.staff.analyst.id).first();
    assert.ok(pass);
    await panel.knex('user_accounts').where('id', panel.staff.analyst.id).update({ email: panel.staff.analyst.email });
    const visit = await panel.signIn('analyst');
    await panel
      .knex('user_accounts')
      .where('id', panel.staff.analyst.id)
      .update({ email: `a</script><b>'"@example.com` });
    const { text } = await visit.get('/admin');
    assert.ok(!text.includes('</script><b>'));
    await panel.knex('user_accounts').where('id', panel.staff.analyst.id).update({ email: panel.staff.analyst.email });
  });

  it('signs out by a post, on every device, and whoever is blocked or no longer staff', async () => {
    const [one, two] = [await panel.signIn('support'), await panel.signIn('support')];
    assert.equal((await one.get('/admin/logout')).status, 404);
    assert.equal((await one.get('/admin/data/billing/packages')).status, 200);
    assert.equal((await one.post('/admin/logout')).status, 303);
    assert.equal((await one.get('/admin/data/billing/packages')).status, 401);
    assert.equal((await two.get('/admin/data/billing/packages')).status, 200);
    assert.equal((await two.post('/admin/logout-everywhere')).status, 303);
    const three = await panel.signIn('support');
    const by = { actorId: panel.staff.admin.id, ip: '192.0.2.1' };
    await panel.accounts.blockByStaff(panel.staff.support.id, 'a test', by);
    assert.equal((await three.get('/admin/data/billing/packages')).status, 401);
    await panel.accounts.unblockByStaff(panel.staff.support.id, 'a test', by);
    assert.equal((await three.get('/admin/data/billing/packages')).status, 401);
    const four = await panel.signIn('support');
    await panel.accounts.changeByStaff(panel.staff.support.id, { role: 'student' }, by);
    assert.equal((await four.get('/admin/data/billing/packages')).status, 401);
    await panel.accounts.changeByStaff(panel.staff.support.id, { role: 'support' }, by);
  });
});

it('behind a proxy that ends TLS: a secure cookie or a word why not; and nothing is bundled while it serves', async (t) => {
  const bundleFolder = mkdtempSync(path.join(tmpdir(), 'ailingva-no-panel-'));
  t.after(() => rmSync(bundleFolder, { recursive: true }));
  const place = { publicUrl: 'https://panel.example', trustedProxies: 1, bundleFolder };
  const panel = await openPanel(t, place);
  const signIn = (headers: Record<string, string>) =>
    fetch(`${panel.url}/admin/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ email: panel.staff.admin.email, password: PANEL_PASSWORD }),
      headers: { origin: place.publicUrl, ...headers },
    });
  const secure = await signIn({ 'x-forwarded-proto': 'https' });
  const [cookie = ''] = secure.headers.getSetCookie();
  assert.match(cookie, /^ailingva\.panel=.*; HttpOnly; Secure; SameSite=Lax$/);
  const open = await signIn({});
  assert.deepEqual([open.status, open.headers.getSetCookie()], [403, []]);
  assert.match(await open.text(), /connection_open/);

  const headers = { cookie: cookie.split(';')[0] ?? '', 'x-forwarded-proto': 'https' };
  assert.equal((await fetch(`${panel.url}/admin`, { headers })).status, 200);
  const bundle = await fetch(`${panel.url}/admin/frontend/assets/components.bundle.js`, { headers });
  assert.deepEqual([bundle.status, ((await bundle.json()) as { code: string }).code], [503, 'panel_not_built']);
  assert.deepEqual(readdirSync(bundleFolder), []);
});
