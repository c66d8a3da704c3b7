import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { openPanel, type TestPanel } from '../../src/testing/panel.ts';
import { lookAtPage } from './panel-look.ts';
import { launchBrowser, PanelVisitor } from './panel-visit.ts';
import { stockPanel, type Stock } from './panel-stock.ts';

const MINUTE = 60_000;

describe('the back office in a browser', { timeout: 5 * MINUTE }, () => {
  const closing: (() => Promise<void> | void)[] = [];
  const cleanup = { after: (close: () => Promise<void> | void) => void closing.unshift(close) };
  let panel: TestPanel;
  let browser: Browser;
  let stock: Stock;
  let admin: PanelVisitor;
  before(async () => {
    panel = await openPanel(cleanup);
    browser = await launchBrowser(cleanup);
    stock = await stockPanel(panel);
    admin = await PanelVisitor.open(browser, panel.url);
  });
  after(async () => {
    for (const close of closing) await close();
  });

  it('would be seen to be hard to read, too wide or untranslated', async () => {
    const { page } = admin;
    await page.setContent(`
      <body style="background: white">
        <p style="color: #777">too pale</p><p style="color: #767676">just so</p>
        <div style="background: #000"><span style="color: rgb(255 255 255 / 40%)">too dark</span></div>
        <p>labels.missing</p><p style="width: 2000px">wide</p>`);
    assert.deepEqual(
      (await page.evaluate(lookAtPage)).map(({ what, text }) =>
        `${what} ${text.replace(/^[\d.]+( px)?:? ?/, '')}`.trim(),
      ),
      ['overflow', 'contrast too pale', 'contrast too dark', 'raw key labels.missing'],
    );
  });

  it('signs in, says what is wrong, and shows each role its menu', async () => {
    const { page } = admin;
    await page.goto(`${panel.url}/admin`);
    await page.locator('input[name=email]').waitFor();
    await admin.screenshot('login');
    await page.locator('input[name=email]').fill('admin@example.com');
    await page.locator('input[name=password]').fill('wrong');
    await page.locator('.adminjs_Button[type=submit]').click();
    await page.getByRole('alert').waitFor();
    await admin.screenshot('login-refused');
    await admin.signIn('admin');
    await page.getByText('Users', { exact: true }).waitFor();
    const menus = { admin: await admin.menu() };
    assert.ok(menus.admin.includes('Audit log'));
    await admin.screenshot('role-admin');
    for (const [role, has, hasNot] of [
      ['support', 'Users', 'Audit log'],
      ['analyst', 'Packages', 'Users'],
    ] as const) {
      const visitor = await PanelVisitor.open(browser, panel.url);
      await visitor.signIn(role);
      await visitor.page.getByText('Packages', { exact: true }).waitFor();
      const menu = await visitor.menu();
      assert.ok(menu.includes(has) && !menu.includes(hasNot), `${role}: ${menu.join(', ')}`);
      await visitor.screenshot(`role-${role}`);
      assert.deepEqual(visitor.faults, []);
      await visitor.close();
    }
  });

  it('is light or dark as the system, or as one chooses, before anything is painted', async () => {
    const { page } = admin;
    // The page is told of a change, and paints it with its next frame.
    const groundIs = (colour: string) =>
      page.waitForFunction((wanted) => {
        const area = document.querySelector('[data-css=app-content]');
        return area !== null && getComputedStyle(area).backgroundColor === wanted;
      }, colour);
    const [light, dark] = ['rgb(241, 246, 245)', 'rgb(11, 21, 22)'];
    const choose = async (look: string): Promise<void> => {
      await page.getByRole('button', { name: 'admin@example.com' }).press('Enter');
      await page.getByRole('button', { name: look, exact: true }).click();
      await page.keyboard.press('Escape');
    };
    await admin.go('');
    await groundIs(light);
    await page.emulateMedia({ colorScheme: 'dark' });
    await groundIs(dark);
    await choose('Light');
    await groundIs(light);
    await choose('Dark');
    await groundIs(dark);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.route('**/*.bundle.js', (route) => route.abort());
    await page.reload();
    const first = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    assert.equal(await first(), dark, 'without a script of AdminJS');
    await page.unroute('**/*.bundle.js');
    admin.faults.length = 0;
    await admin.go('');
    await groundIs(dark);
    await choose('As the system');
    await groundIs(light);
    assert.deepEqual(admin.faults, []);
  });

  it('lists, turns the page, searches, filters', async () => {
    const { page } = admin;
    await admin.go('/resources/users');
    await admin.rows().nth(24).waitFor();
    await admin.screenshot('list');
    await admin.go('/resources/users?page=2');
    await admin.rows().nth(4).waitFor();
    await admin.screenshot('page-2');
    await admin.go('/resources/users');
    await page
      .getByRole('button', { name: 'Filter' })
      .or(page.getByText('Filter', { exact: true }))
      .first()
      .click();
    await page.locator('input[name=filter-email]').fill('anna');
    await admin.screenshot('filter');
    await page.getByText('Apply changes').click();
    await page.waitForURL(/filters\.email=anna/);
    await page.getByText('anna@example.com').waitFor();
    await page.getByText('boris@example.com').waitFor({ state: 'hidden' });
    assert.equal(await admin.rows().count(), 1);
    await admin.screenshot('search');
    await admin.go('/resources/users?filters.email=nobody-at-all');
    await page.getByText('No record is like that.').waitFor();
    await page.getByTestId('show-all').click();
    await admin.rows().nth(24).waitFor();
    await admin.go('/resources/usage');
    await admin.rows().first().getByText('1:24', { exact: true }).waitFor();
    await admin.rows().first().getByText('₽10', { exact: true }).waitFor();
    await page.getByRole('link', { name: /^Call of \d/ }).waitFor();
    await admin.go('/resources/recordings');
    await page.getByText('No call has been recorded.').waitFor();
    await admin.screenshot('empty');
  });

  it('creates, says at the field what is wrong, and refuses the older of two forms', async () => {
    const { page } = admin;
    await admin.go('/resources/packages/actions/new');
    const fill = async (name: string, value: string): Promise<void> => {
      await page.locator(`#${name}`).fill(value);
      await page.locator(`#${name}`).blur();
    };
    await fill('name', 'Festive');
    await fill('min_amount_rub', '700');
    await fill('discount_percent', '4.5');
    await page.locator('.adminjs_Button[type=submit]').click();
    await page.waitForURL(/\/packages(\?|$)/);
    await page.getByText('Festive').first().waitFor();
    await admin.screenshot('created');
    const saved = await panel.knex('billing_packages').where('name', 'Festive').first();
    assert.deepEqual([saved.min_amount_kopecks, saved.discount_basis_points], [70_000, 450]);

    const other = await PanelVisitor.open(browser, panel.url);
    await other.signIn('admin');
    const address = `/resources/users/records/${stock.anna}/edit`;
    await admin.go(address);
    await other.go(address);
    const rename = async (visitor: PanelVisitor, name: string): Promise<void> => {
      await visitor.page.locator('#name').fill(name);
      await visitor.page.locator('#name').blur();
      await visitor.page.locator('.adminjs_Button[type=submit]').click();
    };
    await rename(admin, 'Anna the First');
    await page.waitForURL(/\/users(\?|$)/);
    await rename(other, 'Anna the Second');
    await other.page.getByText('Somebody else has changed this meanwhile').first().waitFor();
    await other.screenshot('edit-conflict');
    const profile = await panel.knex('user_profiles').where('user_account_id', stock.anna).first();
    assert.equal(profile.name, 'Anna the First');
    assert.deepEqual(other.faults, []);
    await other.close();
  });

  it('does each action once, however often the button is pressed', async () => {
    const { page } = admin;
    const act = async (address: string, fields: Record<string, string>, sure: boolean, done: string): Promise<void> => {
      await admin.go(address);
      await page.locator('form .adminjs_Button[type=submit]').waitFor();
      await admin.fillAction(fields);
      await admin.screenshot(`action-${address.split('/').slice(-1)[0]}-${address.split('/')[2]}`);
      await admin.send(sure);
      await page.getByText(done).first().waitFor();
    };
    const reason = 'as an example';
    const user = `/resources/users/records/${stock.anna}`;
    await act(`${user}/giftMinutes`, { minutes: '30', reason }, false, 'The minutes are there.');
    const gifts = await panel
      .knex('wallet_transactions')
      .where({ user_account_id: stock.anna, type: 'gift' })
      .orderBy('sequence');
    assert.equal(gifts.filter((gift) => gift.reason === reason).length, 1);
    const gift = gifts.at(-1);
    await act(`/resources/ledger/records/${gift.id}/reverse`, { reason }, true, 'The row is reversed.');
    await act(`${user}/block`, { reason }, true, 'The account is blocked.');
    await act(`${user}/unblock`, { reason }, false, 'The account is open again.');
    await act(`/resources/referrals/records/${stock.referral}/block`, { reason }, true, 'The referral is blocked.');
    await act(
      `/resources/referrals/records/${stock.referral}/unblock`,
      { reason },
      false,
      'The referral is open again.',
    );
    await act(
      `/resources/calls/records/${stock.placedCall}/endCall`,
      { reason },
      true,
      'The call ends within seconds.',
    );
    await act('/resources/nodes/records/media-1/drain', { reason }, true, 'The node gets no new calls.');
    await act('/resources/nodes/records/media-1/resume', { reason }, false, 'The node gets calls again.');
    const written = await panel
      .knex('audit_log')
      .whereRaw(`details ->> 'reason' = ?`, [reason])
      .orderBy('id')
      .select('action', 'details', 'ip');
    for (const { action, details, ip } of written) {
      assert.ok(ip && details.before && details.after, `${action} says from where, and what was before and after`);
      assert.notDeepEqual(details.before, details.after, action);
    }
    assert.deepEqual(
      written.map(({ action }) => action),
      [
        'gift.give',
        'ledger.reverse',
        'user.block',
        'user.unblock',
        'referral.block',
        'referral.unblock',
        'call.end',
        'media_node.drain',
        'media_node.resume',
      ],
    );
    await admin.go('/resources/audit');
    await admin.rows().nth(8).waitFor();
    await admin.screenshot('audit');
    const blocked = await panel.knex('audit_log').where('action', 'user.block').first();
    await admin.go(`/resources/audit/records/${blocked.id}/show`);
    const entry = page.getByTestId('audit-entry');
    await entry.getByRole('heading', { name: 'Blocked an account' }).waitFor();
    const told = async (name: string) => (await entry.locator(name).innerText()).replaceAll(/\s+/g, ' ');
    assert.equal(await told('[data-change=blocked]'), 'Blocked no yes');
    assert.equal(await told('[data-detail=reason]'), `Reason ${reason}`);
    assert.match(await told('[data-fact=actor_id]'), /admin@example\.com/);
    assert.match(await told('[data-fact=ip]'), /\d/);
    await admin.screenshot('audit-entry');
  });

  it('deletes an account once its address was typed', async () => {
    const { page } = admin;
    const id = await panel.learner('leaving@example.com');
    await admin.go(`/resources/users/records/${id}/deleteAccount`);
    await page.locator('#field-email').fill('anna@example.com');
    await page.locator('#field-reason').click();
    await page.getByText('They asked for it').click();
    await admin.send(true);
    await page.getByText('This is not the address of this account.').first().waitFor();
    await admin.screenshot('action-delete');
    assert.equal((await panel.knex('user_accounts').where({ id }).first()).deleted_at, null);
    await page.locator('#field-email').fill('leaving@example.com');
    await admin.send(false);
    await page.getByText('The account is deleted.').first().waitFor();
    await page.getByText(`deleted-${id}@deleted.invalid`).first().waitFor();
    assert.equal((await panel.knex('audit_log').where('action', 'user.delete')).length, 1);
  });

  it('gives money back', async () => {
    const { page } = admin;
    await admin.go(`/resources/payments/records/${stock.payment}/refund`);
    await page.getByTestId('about-record').getByText('₽500').waitFor();
    await page.locator('#field-amount').fill('100');
    await page.locator('#field-kind').click();
    await page.getByText('The bank has taken it already').click();
    await page.locator('#field-reason').fill('as an example');
    await admin.screenshot('action-refund');
    await admin.send(true);
    await page.getByText('The money is on its way back.').first().waitFor();
    const refunds = await panel.knex('payment_refunds').where('payment_id', stock.payment);
    assert.deepEqual(
      refunds.map(({ kind, amount_kopecks: amount }) => [kind, amount]),
      [['chargeback', 10_000]],
    );
  });

  it('shows a call as the conversation that it was', async () => {
    await admin.go(`/resources/calls/records/${stock.talkedCall}/show`);
    const conversation = admin.page.getByTestId('conversation');
    await conversation.getByText('Yes, I would like a cup of coffee').waitFor();
    await conversation.getByText('First sound made: 420 ms').waitFor();
    const cost = admin.page.getByTestId('call-cost');
    await cost.getByText(/^yandex, speaking: ₽0\.\d\d$/).waitFor();
    await cost.getByText('local, hearing: ₽0', { exact: true }).waitFor();
    await admin.screenshot('conversation');
    assert.deepEqual(admin.faults, []);
  });

  it('speaks Russian, and fits a tablet', async () => {
    const visitor = await PanelVisitor.open(browser, panel.url, { locale: 'ru-RU', width: 820, height: 1180 });
    await visitor.page.goto(`${panel.url}/admin/login`);
    await visitor.page.getByText('Панель управления').waitFor();
    await visitor.screenshot('ru-login');
    await visitor.signIn('admin');
    await visitor.go('/resources/users');
    await visitor.rows().nth(20).waitFor();
    await visitor.page.getByText('Пользователи').first().waitFor();
    await visitor.screenshot('ru-tablet-list');
    await visitor.page.getByText('Фильтр', { exact: true }).first().click();
    await visitor.page.getByText('Выберите …').nth(4).waitFor();
    await visitor.screenshot('ru-tablet-filter');
    assert.doesNotMatch(await visitor.page.locator('body').innerText(), /Select|Loading/);
    await visitor.go(`/resources/users/records/${stock.anna}/edit`);
    await visitor.page.locator('#name').waitFor();
    assert.doesNotMatch(await visitor.page.locator('body').innerText(), /Select/);
    const sideways = await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.ok(!sideways, 'the page does not scroll sideways');
    await visitor.go(`/resources/calls/records/${stock.talkedCall}/show`);
    await visitor.page.getByTestId('conversation').getByText('Преподаватель').first().waitFor();
    await visitor.screenshot('ru-tablet-conversation');
    await visitor.go(`/resources/users/records/${stock.anna}/show`);
    const actions = await visitor.page.locator('.adminjs_ButtonGroupItem').all();
    const title = await visitor.page.getByRole('heading', { name: 'Подробности' }).boundingBox();
    assert.ok(actions.length > 2 && title);
    for (const action of actions) {
      const box = await action.boundingBox();
      assert.ok(box && box.x + box.width <= 820, 'every action is on the page');
      assert.ok(box.y >= title.y + title.height || box.x >= title.x + title.width, 'and none over the title');
    }
    await visitor.screenshot('ru-tablet-user');
    await visitor.page.setViewportSize({ width: 390, height: 844 });
    await visitor.screenshot('ru-phone-user');
    await visitor.go('/resources/ledger');
    // On a phone, too, with all its columns.
    await visitor.rows().getByText('Подарок', { exact: true }).first().waitFor();
    await visitor.screenshot('ru-phone-list');
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  it('signs out', async () => {
    await admin.go('');
    await admin.page.getByRole('button', { name: 'admin@example.com' }).click();
    await admin.screenshot('own-menu');
    await admin.page.getByRole('button', { name: 'Log out', exact: true }).click();
    await admin.page.locator('input[name=email]').waitFor();
    assert.equal((await admin.page.goto(`${panel.url}/admin/resources/users`))?.url(), `${panel.url}/admin/login`);
  });
});
