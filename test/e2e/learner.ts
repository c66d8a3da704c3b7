import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { watchCalls } from './page-probe.ts';
import type { Cleanup } from './cleanup.ts';

const screenshots = path.resolve(import.meta.dirname, '../../.local/screenshots');

export interface LearnerOptions {
  readonly url: string;
  /** A WAV file that Chromium takes for the microphone, once; without it a test speaks by `say`. */
  readonly microphoneFile?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  readonly locale?: string;
}

/** A learner with headless Chromium, whose microphone is a recorded voice. */
export class Learner {
  readonly page: Page;
  readonly problems: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  static async open(test: Cleanup, options: LearnerOptions): Promise<Learner> {
    const context = await openBrowser(test, options);
    const page = context.pages()[0] ?? (await context.newPage());
    const learner = new Learner(page);
    await page.addInitScript(watchCalls, { virtualMicrophone: options.microphoneFile === undefined });
    await page.goto(options.url);
    return learner;
  }

  /** Makes an account by the page's own form. */
  async register(email: string): Promise<void> {
    await this.page.getByRole('link', { name: 'Create account' }).click();
    await this.fillRegistration(email);
  }

  /** Where the form is open already, as an invitation opens it. */
  async fillRegistration(email: string): Promise<void> {
    const { page } = this;
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill('a long enough secret');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('button', { name: 'Start call' }).waitFor();
  }

  async startCall(): Promise<void> {
    await this.page.getByRole('button', { name: 'Start call' }).click();
    await this.phase('speaking');
  }

  async endCall(): Promise<void> {
    await this.page.getByRole('button', { name: 'End call' }).click();
    // The balance is asked for when the charge is there.
    await this.page
      .getByTestId('minutes-charged')
      .getByText(/minute|nothing/i)
      .waitFor();
    await this.page.locator('[data-testid=minutes-left]:not([data-minutes="60"])').first().waitFor();
  }

  /** Waits until the call is in the phase. */
  async phase(phase: string, timeout = 30_000): Promise<void> {
    await this.page.locator(`[data-testid=call-phase][data-phase=${phase}]`).waitFor({ timeout });
  }

  /** Speaks into the microphone; resolves when the last sample was spoken. */
  async say(wav: Buffer): Promise<void> {
    await this.page.evaluate((base64) => globalThis.callProbe.say(base64), wav.toString('base64'));
  }

  /** What came out of the loudspeaker since the call began: 16 kHz mono. */
  async heard(): Promise<Int16Array> {
    const base64 = await this.page.evaluate(() => globalThis.callProbe.heard());
    const bytes = Buffer.from(base64, 'base64');
    return new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2)).slice();
  }

  /** All captions that stand in the log. */
  async log(): Promise<string> {
    return await this.page.getByRole('log').innerText();
  }

  async balance(): Promise<number> {
    return Number(await this.page.getByTestId('minutes-left').first().getAttribute('data-minutes'));
  }

  /** Kept for people to look at, under `.local/screenshots`. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`) });
  }
}

async function openBrowser(test: Cleanup, options: LearnerOptions): Promise<BrowserContext> {
  const profile = mkdtempSync(path.join(tmpdir(), 'ailingva-chromium-'));
  const microphone = options.microphoneFile
    ? [`--use-file-for-fake-audio-capture=${options.microphoneFile}%noloop`]
    : [];
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    headless: true,
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.colorScheme ?? 'light',
    locale: options.locale ?? 'en-US',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A machine without a network has no other way for calls.
      '--allow-loopback-in-peer-connection',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      ...microphone,
    ],
  });
  test.after(async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  });
  return context;
}
