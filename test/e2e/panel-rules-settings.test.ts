import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { PANEL_PASSWORD } from '../../src/testing/panel.ts';
import { launchBrowser, PanelVisitor } from './panel-visit.ts';
import { type Product, startProduct } from './product.ts';
import { suiteCleanup } from './suite-cleanup.ts';

interface Rule {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly version: number;
}

describe('the pages of rules and settings', { timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let product: Product;
  let browser: Browser;
  let admin: PanelVisitor;
  let token = '';

  before(async () => {
    product = await startProduct(suite, { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: PANEL_PASSWORD });
    const { knex } = product.database;
    await knex.raw(
      `INSERT INTO user_accounts (email, password_hash, role)
       SELECT staff || '@example.com', password_hash, staff
       FROM user_accounts, unnest(ARRAY['support', 'analyst']) staff WHERE email = 'admin@example.com'`,
    );
    token = await tokenOf('admin@example.com');
    browser = await launchBrowser(suite);
    admin = await PanelVisitor.open(browser, product.url);
    await admin.signIn('admin');
  });

  const tokenOf = async (email: string): Promise<string> => {
    const { body } = await call('POST', '/api/auth/login', { email, password: PANEL_PASSWORD });
    return String(body['token']);
  };
  const call = async (method: string, address: string, body?: unknown, as = token) => {
    const answer = await fetch(product.url + address, {
      method,
      headers: {
        ...(as !== '' && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const rules = async (): Promise<readonly Rule[]> =>
    (await call('GET', '/api/admin/system-rules')).body['rules'] as Rule[];
  const ruleNamed = async (title: string): Promise<Rule> => {
    const rule = (await rules()).find((one) => one.title === title);
    assert.ok(rule, title);
    return rule;
  };
  const noWider = async ({ page }: PanelVisitor): Promise<void> => {
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `wider than the window by ${overflow} px`);
  };

  it('write a rule, order it by the keyboard, switch it, and show what the tutor is told', async () => {
    const { page } = admin;
    await admin.go('/pages/rules');
    const list = page.getByTestId('rules');
    await list.locator('li').nth(12).waitFor();
    await admin.screenshot('rules');
    await noWider(admin);

    await page.getByRole('button', { name: 'New rule' }).click();
    await page.locator('#title-new').fill('Weather');
    await page.locator('#text-new').fill('Begin with the weather of today.');
    await page.locator('#language-new').selectOption('en');
    await page.getByRole('button', { name: 'Save' }).click();
    await list.locator('[data-rule=Weather]').waitFor();
    await page.locator('.kp-prompt').getByText('Begin with the weather of today.').waitFor();

    const up = page.getByRole('button', { name: 'Move up: Weather' });
    const above = await list.locator('li').nth(12).getAttribute('data-rule');
    await up.focus();
    await page.keyboard.press('Enter');
    await list.locator(`li:last-child[data-rule="${above}"]`).waitFor();
    assert.deepEqual(
      (await rules()).slice(-2).map(({ title }) => title),
      ['Weather', above],
    );

    const whole = Number(await page.getByTestId('tokens').getAttribute('data-tokens'));
    await page.getByRole('switch', { name: 'In force: Weather' }).click();
    await page.locator('.kp-prompt').getByText('Begin with the weather').waitFor({ state: 'detached' });
    await page.waitForFunction(
      (tokens) => Number(document.querySelector<HTMLElement>('[data-testid=tokens]')?.dataset['tokens']) < tokens,
      whole,
    );

    // Only what a lesson is told; what is for every lesson stays.
    await page.locator('#filter-language').selectOption('ru');
    await list.locator('[data-rule=Weather]').waitFor({ state: 'detached' });
    await list.locator('[data-rule="Who you are"]').waitFor();
    await page.locator('#filter-language').selectOption('');
    assert.deepEqual(admin.faults, []);
  });

  it('drag a rule to another’s place', async () => {
    const { page } = admin;
    const list = page.getByTestId('rules');
    const [first = '', second = ''] = (await rules()).map(({ title }) => title);
    await list.locator(`[data-rule="${second}"]`).dragTo(list.locator(`[data-rule="${first}"]`));
    await list.locator(`li:first-child[data-rule="${second}"]`).waitFor();
    assert.equal((await rules())[0]?.title, second);
  });

  it('tell who changed a rule meanwhile, keep what was typed, and bring back an earlier wording', async () => {
    const { page } = admin;
    const rule = await ruleNamed('Weather');
    const item = page.locator('[data-rule=Weather]');
    await item.getByRole('button', { name: 'Edit' }).click();
    await page.locator(`#text-${rule.id}`).fill('Begin with the weather of tomorrow.');
    const theirs = { version: rule.version, text: 'Begin with the news of today.' };
    assert.equal((await call('PUT', `/api/admin/system-rules/${rule.id}`, theirs)).status, 200);

    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText('Somebody else has changed this rule meanwhile').waitFor();
    await page.getByTestId('conflict').locator('del').getByText('news').waitFor();
    await page.getByTestId('conflict').scrollIntoViewIfNeeded();
    await admin.screenshot('rules-conflict');
    await page.getByRole('button', { name: 'Keep mine' }).click();
    assert.equal(await page.locator(`#text-${rule.id}`).inputValue(), 'Begin with the weather of tomorrow.');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator(`#text-${rule.id}`).waitFor({ state: 'detached' });
    assert.equal((await ruleNamed('Weather')).text, 'Begin with the weather of tomorrow.');

    await item.getByRole('button', { name: 'History' }).click();
    const history = page.getByTestId(`history-${rule.id}`);
    await history.locator('[data-version="4"]').getByText('admin@example.com').waitFor();
    await history.locator('[data-version="4"] ins').first().waitFor();
    await history.scrollIntoViewIfNeeded();
    await admin.screenshot('rules-history');
    await history.locator('[data-version="1"]').getByRole('button', { name: 'Use this wording again' }).click();
    await history.locator('[data-version="5"]').waitFor();
    assert.equal((await ruleNamed('Weather')).text, 'Begin with the weather of today.');
    const audited = await product.database
      .knex('audit_log')
      .where({ subject_type: 'system_rule', subject_id: rule.id })
      .orderBy('id', 'desc')
      .first('action', 'details', 'actor_id');
    assert.equal(audited.action, 'system_rule.update');
    assert.deepEqual(audited.details.after, { text: 'Begin with the weather of today.' });
    assert.ok(audited.actor_id);
  });

  it('ask the tutor that a call would have', async () => {
    const { page } = admin;
    await page.locator('#trial-text').fill('Hello! I would like to talk about travel.');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByTestId('answer').getByText('Engine: local').waitFor();
    await page.getByTestId('answer').scrollIntoViewIfNeeded();
    await admin.screenshot('rules-trial');
    // A wording is tried before it is saved: what was told has it, what is kept does not.
    const rule = await ruleNamed('Weather');
    await page.locator('[data-rule=Weather]').getByRole('button', { name: 'Edit' }).click();
    await page.locator(`#text-${rule.id}`).fill('Begin with the weather on Mars.');
    await page.getByLabel('With what is not saved yet: Weather').waitFor();
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('What the tutor was told').click();
    await page.getByTestId('told').getByText('Begin with the weather on Mars.').waitFor();
    await page.getByTestId('trial').scrollIntoViewIfNeeded();
    await admin.screenshot('rules-trial-unsaved');
    assert.equal((await ruleNamed('Weather')).version, rule.version);
    await page.locator('[data-rule=Weather]').getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('With what is not saved yet').waitFor({ state: 'detached' });
    // No engine that is here thinks in Russian: said in words, though the server answers 503.
    await page.locator('#preview-language').selectOption('ru');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByRole('alert').getByText('No engine that is configured can answer in this language').waitFor();
    admin.faults.splice(0, admin.faults.length, ...admin.faults.filter((fault) => !/^503 .*tutor-trials$/.test(fault)));
    assert.deepEqual(admin.faults, []);
  });

  it('change a setting for the calls that come, without a restart', async () => {
    const { page } = admin;
    await call(
      'POST',
      '/api/auth/register',
      {
        email: 'learner@example.com',
        password: PANEL_PASSWORD,
        name: 'Anna',
        language: 'en',
      },
      '',
    );
    const learner = await tokenOf('learner@example.com');
    const quote = async () =>
      (await call('POST', '/api/billing/quote', { amount_rub: 50 }, learner)).body['price_per_minute_rub'];
    const earlier = await quote();
    assert.ok(Number(earlier) > 0);
    const place = () => call('POST', '/api/calls', { language: 'en', level: 'beginner' }, learner);

    await admin.go('/pages/settings');
    await page.locator('[data-setting="turns.min_endpoint_delay_ms"]').waitFor();
    await admin.screenshot('settings');
    await noWider(admin);
    const set = async (key: string, value: string): Promise<void> => {
      const row = page.locator(`[data-setting="${key}"]`);
      await row.locator('input').fill(value);
      await row.getByRole('button', { name: 'Save' }).click();
      await row.getByRole('status').getByText('Saved').waitFor();
    };
    const longest = page.locator('[data-setting="turns.unsure_endpoint_delay_ms"]');
    await longest.locator('input').fill('100');
    await longest.getByRole('button', { name: 'Save' }).click();
    await longest.getByRole('alert').getByText('Not below “Silence after which a turn that sounds finished').waitFor();
    await admin.screenshot('settings-contradiction');
    await longest.getByRole('button', { name: 'Undo' }).click();
    assert.equal((await place()).status, 201);
    await set('calls.max_open_per_user', '1');
    const refused = await place();
    assert.deepEqual([refused.status, refused.body['code']], [409, 'too_many_calls']);
    await set('billing.rate_kopecks_per_minute', '1234');
    assert.notEqual(await quote(), earlier);
    assert.equal(await quote(), 12.34);

    const row = page.locator('[data-setting="calls.max_open_per_user"]');
    await row.getByRole('button', { name: /^Changed/ }).click();
    await row.getByRole('cell', { name: 'admin@example.com' }).waitFor();
    await row.getByRole('button', { name: 'Back to the default' }).click();
    await row.getByRole('status').getByText('The default applies again.').waitFor();
    assert.equal((await place()).status, 201);
    const done = await product.database
      .knex('audit_log')
      .where('subject_type', 'setting')
      .orderBy('id')
      .pluck('action');
    assert.deepEqual(done, ['setting.change', 'setting.change', 'setting.reset']);
  });

  it('refuse a setting in words, and let nobody overwrite another', async () => {
    const { page } = admin;
    const key = 'turns.min_endpoint_delay_ms';
    const row = page.locator(`[data-setting="${key}"]`);
    const save = row.getByRole('button', { name: 'Save' });
    for (const [value, words] of [
      ['5', 'At least 100.'],
      ['9000', 'At most 5,000.'],
      ['300,5', 'This must be a whole number.'],
      ['soon', 'This must be a number.'],
    ] as const) {
      await row.locator('input').fill(value);
      await save.click();
      await row.getByRole('alert').getByText(words).waitFor();
    }
    await row.scrollIntoViewIfNeeded();
    await admin.screenshot('settings-refused');

    await row.locator('input').fill('600');
    assert.equal((await call('PUT', `/api/admin/settings/${key}`, { value: 500, version: null })).status, 200);
    await save.click();
    await row.getByRole('alert').getByText('Somebody else has changed this setting').waitFor();
    await page.locator(`[data-setting="${key}"][data-value="500"]`).waitFor();
    assert.equal(await row.locator('input').inputValue(), '600');
    await save.click();
    await page.locator(`[data-setting="${key}"][data-value="600"]`).waitFor();

    // An engine without its key is named, and cannot be chosen.
    const engine = page.locator('[data-setting="speech.engine_en"]');
    await engine.getByText('OPENAI_API_KEY is not set on the server').waitFor();
    assert.equal(await engine.locator('option[value=openai]').isDisabled(), true);
    const hearing = page.locator('[data-setting="speech.stt_en"]');
    await hearing.locator('select').selectOption('local');
    await hearing.getByRole('button', { name: 'Save' }).click();
    await page.locator(`[data-setting="speech.stt_en"][data-value='["local"]']`).waitFor();
    await engine.scrollIntoViewIfNeeded();
    await admin.screenshot('settings-engines');
    await page.locator('#sought').fill('prices');
    const price = page.getByLabel('Hearing, a minute, yandex');
    await price.fill('700000');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator(`[data-setting="speech.prices"][data-value*='"yandex":700000']`).waitFor();
    await admin.screenshot('settings-prices');
    await page.locator('#sought').fill('nothing is called so');
    await page.getByText('No setting is called so.').waitFor();
    assert.deepEqual(admin.faults, []);
    await admin.close();
  });

  it('are read by support as far as rules go, and by no analyst; on a tablet, in Russian', async () => {
    const tablet = { width: 820, height: 1180, locale: 'ru-RU' };
    const support = await PanelVisitor.open(browser, product.url, tablet);
    await support.signIn('support');
    await support.go('/pages/rules');
    const { page } = support;
    await page.locator('[data-rule=Weather]').getByRole('button', { name: 'История' }).click();
    await page.getByText('Версия 5', { exact: true }).waitFor();
    assert.equal(await page.getByRole('switch').count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Изменить' }).count(), 0);
    assert.equal(await page.getByTestId('trial').count(), 0);
    await noWider(support);
    await support.screenshot('rules-820-ru-support');
    const { id } = await ruleNamed('Weather');
    const statuses = (addresses: readonly string[], method = 'GET') =>
      page.evaluate(
        async ([all, how]) => {
          const init = how === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{}' } : {};
          return Promise.all(all.map(async (address) => (await fetch(address, { method: how, ...init })).status));
        },
        [addresses, method] as const,
      );
    assert.deepEqual(await statuses(['/admin/pages/settings', '/admin/data/settings']), [403, 403]);
    const writing = [
      `system-rules/${id}`,
      'system-rules',
      'system-rules/order',
      'tutor-trials',
      'settings/house.time_zone',
    ];
    assert.deepEqual(
      await statuses(
        writing.map((address) => `/admin/data/${address}`),
        'POST',
      ),
      [403, 403, 403, 403, 403],
    );
    assert.deepEqual(support.faults, []);
    await support.close();

    const analyst = await PanelVisitor.open(browser, product.url);
    await analyst.signIn('analyst');
    const refused = await analyst.page.evaluate(async () =>
      Promise.all(
        ['/admin/pages/rules', '/admin/pages/settings', '/admin/data/system-rules', '/admin/data/settings'].map(
          async (address) => (await fetch(address)).status,
        ),
      ),
    );
    assert.deepEqual(refused, [403, 403, 403, 403]);
    assert.equal((await analyst.menu()).includes('System rules'), false);
    await analyst.close();

    const russian = await PanelVisitor.open(browser, product.url, tablet);
    await russian.signIn('admin');
    for (const name of ['rules', 'settings']) {
      await russian.go(`/pages/${name}`);
      await russian.page.locator('[data-rule=Weather], [data-setting="house.time_zone"]').first().waitFor();
      await noWider(russian);
      await russian.screenshot(`${name}-820-ru`);
    }
    assert.deepEqual(russian.faults, []);
    await russian.close();
  });
});
