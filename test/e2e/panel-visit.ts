import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { StaffRole } from '../../src/accounts/index.ts';
import { PANEL_PASSWORD } from '../../src/testing/panel.ts';
import type { Cleanup } from './cleanup.ts';
import { lookAtPage, type LookFault } from './panel-look.ts';

const screenshots = path.resolve(import.meta.dirname, '../../.local/screenshots');

/** Somebody of the staff with a browser. What a page should not do is collected: errors, words to other hosts. */
export class PanelVisitor {
  readonly page: Page;
  readonly faults: string[] = [];
  readonly #url: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (/Content.Security.Policy|Refused to/i.test(message.text())) this.faults.push(message.text());
    });
    page.on('request', (request) => {
      const address = request.url();
      if (!address.startsWith(url) && !address.startsWith('data:')) this.faults.push(`asked for ${address}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 500) this.faults.push(`${response.status()} ${response.url()}`);
    });
  }

  static async open(
    browser: Browser,
    url: string,
    options: { readonly locale?: string; readonly width?: number; readonly height?: number } = {},
  ): Promise<PanelVisitor> {
    const { locale = 'en-US', width = 1280, height = 800 } = options;
    const context = await browser.newContext({ locale, viewport: { width, height }, timezoneId: 'Europe/Moscow' });
    return new PanelVisitor(await context.newPage(), url);
  }

  async signIn(role: StaffRole): Promise<void> {
    await this.page.goto(`${this.#url}/admin/login`);
    await this.page.locator('input[name=email]').fill(`${role}@example.com`);
    await this.page.locator('input[name=password]').fill(PANEL_PASSWORD);
    await this.page.locator('.adminjs_Button[type=submit]').click();
    await this.page.locator('[data-css=logged-in]').waitFor();
  }

  async go(address: string): Promise<void> {
    await this.page.goto(`${this.#url}/admin${address}`);
    await this.page.locator('[data-css=app-content]').waitFor();
  }

  /** The menu's entries. */
  async menu(): Promise<string[]> {
    return this.page.locator('[data-css=sidebar] a').allInnerTexts();
  }

  /** The texts of a list's rows. */
  rows() {
    return this.page.locator('tbody tr');
  }

  async fillAction(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(fields)) await this.page.locator(`#field-${name}`).fill(value);
  }

  /** Says yes where the form asks, and sends it, with a double click. */
  async send(sure: boolean): Promise<void> {
    if (sure) await this.page.locator('label[for=sure]').click();
    await this.page.locator('form .adminjs_Button[type=submit]').dblclick();
  }

  /** Kept for people to look at, under `.local/screenshots`; what can be measured is, by day and by night. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(screenshots, { recursive: true });
    await this.page.evaluate(() => document.fonts.ready);
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme });
      assert.deepEqual(await this.#look(), [], `${name}, ${colorScheme}`);
      const file = `panel-${name}${colorScheme === 'dark' ? '-dark' : ''}.png`;
      await this.page.screenshot({ path: path.join(screenshots, file), animations: 'disabled' });
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
  }

  /** What nobody should ship, once the page has followed the scheme. */
  async #look(): Promise<readonly LookFault[]> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      await this.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));
      const faults = await this.page.evaluate(lookAtPage);
      if (faults.length === 0 || Date.now() > deadline) return faults;
    }
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

export async function launchBrowser(t: Cleanup): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  t.after(() => browser.close());
  return browser;
}
