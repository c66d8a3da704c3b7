import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startJobs } from '../../src/app/jobs.ts';
import { startWeb } from '../../src/app/web.ts';
import { loadServiceConfig } from '../../src/platform/config.ts';
import { Lifecycle } from '../../src/platform/lifecycle.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createTestDatabase } from '../../src/testing/test-database.ts';

const DEADLINE_MS = 20_000;

/** The web and the jobs process as they start, in this one, with letters written to a folder. */
async function setUp(t: TestContext) {
  const log = createSilentLogger();
  const lifecycle = new Lifecycle(log);
  const stop = new AbortController();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ailingva-test-'));
  // Hooks run in this order: the processes end before the database that they use.
  t.after(async () => {
    stop.abort();
    await lifecycle.close();
    await rm(dataDir, { recursive: true });
  });
  const { url } = await createTestDatabase(t);
  const config = loadServiceConfig({
    DATABASE_URL: url,
    TOKEN_SECRET: 'a secret of at least thirty-two bytes',
    PUBLIC_URL: 'https://ailingva.example',
    PORT: '0',
    DATA_DIR: dataDir,
    NODE_ENV: 'test',
  });
  const service = { log, lifecycle, stopping: stop.signal };
  const { url: origin = '' } = await startWeb(config, service);
  await startJobs(config, service);
  const post = async (address: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(origin + address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    assert.ok(response.ok, `${address}: ${response.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  const get = async (address: string, token: string) => {
    const response = await fetch(origin + address, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return response.json();
  };
  return { post, get, outbox: path.join(dataDir, 'outbox') };
}

/** The letter to an address, once the jobs process has sent it. */
async function letterTo(outbox: string, address: string): Promise<string> {
  const until = Date.now() + DEADLINE_MS;
  while (Date.now() < until) {
    const files = await readdir(outbox).catch(() => []);
    for (const file of files.filter((name) => name.endsWith('.eml'))) {
      const text = await readFile(path.join(outbox, file), 'utf8');
      if (text.includes(`To: ${address}`)) return text;
    }
    await sleep(50);
  }
  throw new Error(`No letter to ${address} within ${DEADLINE_MS} ms`);
}

const signedIn = z.object({ token: z.string(), user: z.object({ email_confirmed: z.boolean() }) });
const invitations = z.object({ code: z.string(), link: z.string(), rewarded_minutes: z.number() });
const balance = z.object({ minutes_balance: z.number() });

it('an invitation goes from the link by a letter to the minutes of both', async (t) => {
  const { post, get, outbox } = await setUp(t);
  const register = async (email: string, extra: object = {}) =>
    signedIn.parse(await post('/api/auth/register', { email, password: 'correct horse battery', ...extra }));

  const ann = await register('ann@example.com');
  const { link } = invitations.parse(await get('/api/billing/referral', ann.token));
  const code = new URL(link).searchParams.get('ref');
  const bob = await register('bob@example.com', { referral_code: code, interface_language: 'ru' });
  assert.equal(bob.user.email_confirmed, false);

  const letter = await letterTo(outbox, 'bob@example.com');
  const token = /https:\/\/ailingva\.example\/confirm\?token=([\w-]+)/.exec(letter)?.[1];
  assert.ok(token !== undefined, letter);
  await post('/api/auth/confirm', { token });

  for (const { token: pass } of [ann, bob]) {
    assert.equal(balance.parse(await get('/api/billing/balance', pass)).minutes_balance, 120);
  }
  assert.equal(invitations.parse(await get('/api/billing/referral', ann.token)).rewarded_minutes, 60);
  const me = z.object({ email_confirmed: z.boolean() }).parse(await get('/api/me', bob.token));
  assert.equal(me.email_confirmed, true);
});
