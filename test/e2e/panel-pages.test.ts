import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { createAnalytics } from '../../src/analytics/index.ts';
import { openQueues } from '../../src/jobs/index.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { stockFigures } from '../../src/testing/figures-stock.ts';
import { PANEL_PASSWORD } from '../../src/testing/panel.ts';
import { insertCall, insertLearner, markCallLive } from '../../src/testing/stored-learners.ts';
import { catchUp, insertPayer, insertSession } from '../../src/testing/stored-usage.ts';
import { assertDataDoors } from './panel-data-doors.ts';
import { launchBrowser, PanelVisitor } from './panel-visit.ts';
import { type Product, startProduct } from './product.ts';
import { suiteCleanup } from './suite-cleanup.ts';

const DAY_MS = 86_400_000;

type Figures = Readonly<Record<string, number>>;
interface Answer {
  readonly buckets: readonly (Figures & { readonly period_start: string })[];
  readonly totals: Figures;
  readonly previous: { readonly totals: Figures };
}

describe('the pages of figures', { timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let product: Product;
  let browser: Browser;
  let admin: PanelVisitor;
  let token = '';
  let call = '';

  before(async () => {
    product = await startProduct(suite, { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: PANEL_PASSWORD });
    const { knex, url } = product.database;
    await stockFigures({ url, days: 60, learners: 40, sessionsPerDay: 8 });
    await knex.raw(
      `INSERT INTO user_accounts (email, password_hash, role)
       SELECT staff || '@example.com', password_hash, staff
       FROM user_accounts, unnest(ARRAY['support', 'analyst']) staff WHERE email = 'admin@example.com'`,
    );
    const analytics = createAnalytics({ knex, log: createSilentLogger() });
    await analytics.rebuild();
    // What stood open anywhere in the cluster held the rebuild back.
    await catchUp(analytics);
    await analytics.closeDays(new Date());
    // Came late: its day is closed.
    const payer = await insertPayer(knex);
    await insertSession(knex, { payer, at: new Date(Date.now() - 3 * DAY_MS), minutes: 12, engine: 'openai' });
    await catchUp(analytics);
    await knex('reconciliations').insert({ cause: 'schedule', differences: '{"balance_is_sum_of_ledger": 2}' });

    call = await insertCall(knex, await insertLearner(knex), 'media-0');
    await markCallLive(knex, call);
    // Its node would be asked to carry on with it, or it would be swept away, but for this.
    await knex('calls')
      .where('id', call)
      .update({ last_beat_at: new Date(Date.now() + DAY_MS) });
    await say(0, 'tutor', 'Hello! What would you like to drink?');

    token = await tokenOf('admin');
    browser = await launchBrowser(suite);
    admin = await PanelVisitor.open(browser, product.url);
    await admin.signIn('admin');
  });

  const say = async (ordinal: number, speaker: string, text: string): Promise<void> => {
    await product.database.knex('call_turns').insert({
      call_id: call,
      ordinal,
      speaker,
      text,
      heard_text: text,
      interrupted: false,
      engines: '{}',
      started_at_ms: ordinal * 1000,
      duration_ms: 500,
      stages: '{}',
    });
  };
  const tokenOf = async (role: string): Promise<string> => {
    const answer = await fetch(`${product.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: `${role}@example.com`, password: PANEL_PASSWORD }),
    });
    return ((await answer.json()) as { token: string }).token;
  };
  const api = async (address: string): Promise<Response> => {
    const answer = await fetch(`${product.url}/api/admin/${address}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 200, address);
    return answer;
  };
  /** What the page shows now, once everything that it asked for is there. */
  const shown = async ({ page }: PanelVisitor): Promise<Record<string, number>> => {
    await page.locator('[data-testid=figures]').waitFor();
    await page.waitForFunction(() => document.querySelector('.fg-answer[aria-busy=true]') === null);
    const cards = await page
      .locator('[data-figure]')
      .evaluateAll((all) => all.map((card) => [card.dataset['figure'] ?? '', Number(card.dataset['value'])] as const));
    return Object.fromEntries(cards);
  };
  const beforeThat = (visitor: PanelVisitor): Promise<(readonly [string, number])[]> =>
    visitor.page
      .locator('[data-figure]:has([data-before])')
      .evaluateAll((all) =>
        all.map((card) => [
          card.dataset['figure'] ?? '',
          Number(card.querySelector<HTMLElement>('[data-before]')?.dataset['before']),
        ]),
      );
  const agree = (page: Record<string, number>, figures: Figures): void => {
    assert.ok(Object.keys(page).length > 5);
    for (const [name, value] of Object.entries(page)) assert.equal(value, figures[name], name);
  };

  it('show the API’s numbers: sums, the period before, every day', async () => {
    const { page } = admin;
    await admin.go('/pages/analytics');
    const figures = await shown(admin);
    const answer = (await (await api('analytics/revenue/minutes?compare=previous')).json()) as Answer;
    agree(figures, answer.totals);
    assert.ok((figures['total_revenue'] ?? 0) > 0);
    for (const [name, value] of await beforeThat(admin)) assert.equal(value, answer.previous.totals[name], name);

    const rows = await page
      .locator('#fg-revenue-table [data-row]')
      .evaluateAll((all) =>
        all.map((row) => [
          row.dataset['row'] ?? '',
          ...[...row.querySelectorAll<HTMLElement>('td')].map((cell) => Number(cell.dataset['value'])),
        ]),
      );
    assert.equal(rows.length, answer.buckets.length + 1);
    const byDay = new Map(answer.buckets.map((bucket) => [bucket.period_start, bucket]));
    for (const [day = '', revenue, , minutes] of rows.slice(1)) {
      assert.deepEqual(
        [revenue, minutes],
        [byDay.get(String(day))?.['total_revenue'], byDay.get(String(day))?.['total_minutes']],
      );
    }
    await page.getByRole('heading', { name: 'Restated days' }).waitFor();
    assert.equal((await page.locator('.recharts-surface').count()) > 0, true);
    await admin.screenshot('analytics');
  });

  it('go by presets, hours, engines and zones, and give CSV', async () => {
    const { page } = admin;
    await page.locator('[data-choice=yesterday]').click();
    await page.locator('[data-choice=hour][aria-pressed=true]').waitFor();
    await page.locator('#fg-engine').selectOption('openai');
    await page.locator('#fg-zone').selectOption('Asia/Yekaterinburg');
    await page.getByText('Deposits and gifts are those of all engines').waitFor();
    await page.getByTestId('shown-range').getByText('Asia/Yekaterinburg').waitFor();
    const day = await page.locator('#fg-from').inputValue();
    const query = `from_date=${day}&to_date=${day}&group_by=hour&time_zone=Asia/Yekaterinburg&engine=openai`;
    agree(await shown(admin), ((await (await api(`analytics/revenue/minutes?${query}`)).json()) as Answer).totals);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download CSV' }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^revenue-by-hour-.+\.csv$/);
    const csv = await (await api(`analytics/revenue/minutes?${query}&format=csv`)).arrayBuffer();
    assert.equal(Buffer.compare(await readFile(await download.path()), Buffer.from(csv)), 0);

    // What a page shows stands in its address.
    await page.reload();
    assert.equal(await page.locator('#fg-engine').inputValue(), 'openai');
    agree(await shown(admin), ((await (await api(`analytics/revenue/minutes?${query}`)).json()) as Answer).totals);
  });

  it('show how long each stage of a reply took', async () => {
    const { page } = admin;
    await admin.go('/pages/latency');
    await page.getByTestId('latency-totals').waitFor();
    const rows = await page
      .locator('[data-testid=latency-totals] [data-row]')
      .evaluateAll((all) =>
        all.map((row) => [
          row.dataset['row'],
          ...[...row.querySelectorAll<HTMLElement>('td[data-value]')].map((cell) => Number(cell.dataset['value'])),
        ]),
      );
    const { totals } = (await (await api('analytics/latency')).json()) as {
      totals: { stage: string; engine: string; turns: number; p50_ms: number; p95_ms: number; p99_ms: number }[];
    };
    assert.ok(totals.length > 10);
    assert.deepEqual(
      new Map(rows.map(([name, ...values]) => [name, values])),
      new Map(totals.map((row) => [`${row.stage} ${row.engine}`, [row.turns, row.p50_ms, row.p95_ms, row.p99_ms]])),
    );
    await page.getByText('As a table').first().click();
    await page.locator('details[open] tbody tr').first().waitFor();
    await admin.screenshot('latency');
  });

  it('show live calls, their captions as they come, the nodes and the queues', async () => {
    const { page } = admin;
    await admin.go('/pages/live');
    await page.locator(`[data-call="${call}"]`).waitFor();
    await page.locator('[data-node="media-0"][data-load="1"]').waitFor();
    await page.locator('[data-row=nightly]').waitFor();
    await page.locator(`[data-call="${call}"]`).getByRole('button', { name: 'Captions' }).click();
    await page.getByRole('log').getByText('What would you like to drink?').waitFor();
    await say(1, 'learner', 'A cup of tea, please.');
    await page.getByRole('log').getByText('A cup of tea, please.').waitFor();
    await admin.screenshot('live');
    assert.deepEqual(admin.faults, []);
  });

  it('show dead jobs with their cause, and have work done again once, after a second yes', async () => {
    const { knex, url: databaseUrl } = product.database;
    const log = createSilentLogger();
    const queues = openQueues({ databaseUrl, log, metrics: createMetrics('test'), applicationName: 'test' });
    suite.after(() => queues.close());
    const callId = crypto.randomUUID();
    await queues.enqueue('finalize-call', { callId });
    await assertSoon(async () => (await queues.dead()).length === 1);

    const { page } = admin;
    await admin.go('/pages/jobs');
    const row = page.locator(`[data-dead="calls/finalize-call-${callId}"]`);
    await row.getByText('There is no such call.').waitFor();
    await row.getByRole('link', { name: 'The call' }).waitFor();
    await admin.screenshot('jobs');
    await row.getByRole('button', { name: 'Do again' }).dblclick();
    const sure = row.getByRole('button', { name: 'Yes: Do again' });
    await sure.waitFor();
    await page.setViewportSize({ width: 820, height: 1180 });
    await admin.screenshot('jobs-820');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `wider than the tablet by ${overflow} px`);
    await page.setViewportSize({ width: 1280, height: 800 });
    const replays = () => knex('audit_log').where('action', 'job.replay');
    assert.equal((await replays()).length, 0, 'a double click is no second yes');
    await sure.dblclick();
    await page.getByText('The job is in its queue again').waitFor();
    const [replay, ...others] = await replays();
    assert.equal(others.length, 0);
    assert.equal(replay.details.before.error, 'There is no such call.');
    assert.ok(replay.ip);

    const asked: string[] = [];
    page.on('request', (request) => void (request.url().endsWith('/rebuild') && asked.push(request.method())));
    await page.getByRole('button', { name: 'Count anew' }).click();
    await page.getByRole('button', { name: 'Yes: Count anew' }).dblclick();
    await page.getByText('The figures are counted anew.').waitFor();
    assert.deepEqual(asked, ['POST']);
    const rebuilds = await knex('audit_log').where('action', 'analytics.rebuild');
    assert.equal(rebuilds.length, 1);
    assert.deepEqual(rebuilds[0].details.after, rebuilds[0].details.before);
    assert.ok(rebuilds[0].details.after.sessions > 0);

    await page.getByText('Queue board').click();
    await page.waitForURL(/\/admin\/queues/);
    await page.getByText('nightly').first().waitFor();
    // The house's sign, and not the board's.
    await page.locator('img[src="/admin/frontend/assets/mark.svg"]').waitFor();
    assert.deepEqual(admin.faults, []);
  });

  it('are answered to each role as it may, by every route there is', () => assertDataDoors(product.url));

  it('ask nothing while nobody looks', async () => {
    const { page } = admin;
    const asked: string[] = [];
    page.on('request', (request) => void (/\/data\/(live|jobs)/.test(request.url()) && asked.push(request.url())));
    await page.clock.install();
    await admin.go('/pages/live');
    await page.locator(`[data-call="${call}"]`).waitFor();
    await page.locator('[data-row=nightly]').waitFor();
    await page.clock.runFor(20_000);
    await assertSoon(() => asked.length > 4);
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await page.waitForFunction(() => document.querySelector('.fg-answer[aria-busy=true]') === null);
    const until = asked.length;
    await page.clock.runFor(60_000);
    assert.equal(asked.length, until);
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: false, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await assertSoon(() => asked.length > until);

    // Whoever comes and goes is asked for once at a time: calls and queues.
    const soFar = asked.length;
    await page.evaluate(() => {
      for (let times = 0; times < 10; times += 1) document.dispatchEvent(new Event('visibilitychange'));
    });
    await assertSoon(() => asked.length > soFar);
    await page.locator(`[data-call="${call}"]`).waitFor();
    assert.ok(asked.length - soFar < 10, `asked ${asked.length - soFar} times`);
    await admin.close();
  });

  it('begin with the day and what needs attention; an analyst sees no person', async () => {
    const analyst = await PanelVisitor.open(browser, product.url, { width: 820, height: 1180, locale: 'ru-RU' });
    await analyst.signIn('analyst');
    const { page } = analyst;
    await page.getByRole('heading', { name: 'Сегодня' }).waitFor();
    await page.locator('[data-concern=books_differ][data-count="2"]').getByText('Книги не сходятся').waitFor();
    const figures = await shown(analyst);
    assert.equal('calls_now' in figures, false);
    // The day goes on between the two questions; what is stored in this test does not.
    agree(figures, ((await (await api('analytics/today')).json()) as Answer).totals);
    await analyst.screenshot('dashboard-820-ru');
    const text = await page.locator('[data-testid=dashboard]').innerText();
    assert.doesNotMatch(text, /@/);
    assert.equal(
      (await analyst.menu()).some((entry) => entry === 'Сейчас'),
      false,
    );

    const refused = await page.evaluate(async (id) => {
      const read = ['/admin/pages/live', '/admin/data/live', `/admin/data/calls/${id}/captions`];
      const done = ['/admin/data/jobs/dead/calls%2Fx/replay', '/admin/data/analytics/rebuild'];
      const ask = async (address: string, method: string) => (await fetch(address, { method })).status;
      return Promise.all([
        ...[...read, '/admin/pages/jobs', '/admin/data/jobs/dead', '/admin/queues'].map((address) =>
          ask(address, 'GET'),
        ),
        ...done.map((address) => ask(address, 'POST')),
      ]);
    }, call);
    assert.deepEqual([...new Set(refused)], [403]);
    await analyst.go('/pages/analytics');
    await shown(analyst);
    await page.getByRole('heading', { name: 'По дням' }).waitFor();
    await analyst.screenshot('analytics-820-ru');
    await page.setViewportSize({ width: 390, height: 844 });
    await analyst.screenshot('analytics-390-ru');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `wider than the tablet by ${overflow} px`);
    assert.deepEqual(analyst.faults, []);
    await analyst.close();
  });

  it('say in words what is missing, and what went wrong', async () => {
    const support = await PanelVisitor.open(browser, product.url);
    await support.signIn('support');
    const { page } = support;
    await support.go('/pages/analytics?from=2021-01-01&to=2021-01-02');
    await page.getByText('Nobody talked, paid or was given minutes in this time.').waitFor();
    let broken = true;
    await page.route('**/admin/data/analytics/latency*', (route) =>
      broken ? route.fulfill({ status: 503, json: { code: 'database_unavailable' } }) : route.continue(),
    );
    support.faults.length = 0;
    await support.go('/pages/latency');
    await page.getByRole('alert').getByText('This could not be loaded (database_unavailable).').waitFor();
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByTestId('latency-totals').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await support.go('/pages/analytics?from=2026-01-02&to=2026-01-01');
    await page.getByText('The range ends before it begins.').first().waitFor();
    await support.close();
  });
});

async function assertSoon(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, 'did not come about in time');
    await wait(20);
  }
}
