import assert from 'node:assert/strict';
import path from 'node:path';
import type { Knex } from 'knex';
import { createAccounts, type Accounts, type StaffRole } from '../accounts/index.ts';
import { createPanel } from '../admin/index.ts';
import { createBilling, createPayments, createSandbox, type Billing } from '../billing/index.ts';
import type { Kopecks } from '../billing/money.ts';
import { createCallDesk, MediaNodes, mediaStaffRoutes } from '../media/index.ts';
import { PROJECT_ROOT } from '../platform/config.ts';
import { createHttpApp, listen } from '../platform/http.ts';
import { createSilentLogger } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { FakeClock } from './fake-clock.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

export const PANEL_PASSWORD = 'correct horse battery';

export interface TestPanel {
  readonly url: string;
  readonly database: TestDatabase;
  readonly knex: Knex;
  readonly accounts: Accounts;
  readonly billing: Billing;
  readonly staff: Readonly<Record<StaffRole, { readonly id: string; readonly email: string }>>;
  /** Registers a learner, without trial minutes. */
  readonly learner: (email: string) => Promise<string>;
  /** Pays into a wallet; answers the payment's id. */
  readonly deposit: (userId: string, kopecks: number) => Promise<string>;
  readonly signIn: (role: StaffRole) => Promise<PanelVisit>;
}

export interface PanelAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: () => PanelJson;
}

/** What AdminJS answers, as far as tests look at it. */
export interface PanelJson {
  readonly records?: readonly PanelRecord[];
  readonly record?: PanelRecord;
  readonly notice?: { readonly message: string; readonly type: string };
  readonly meta?: { readonly total: number; readonly page: number };
  readonly code?: string;
}

export interface PanelRecord {
  readonly id: string;
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, { readonly message: string }>>;
  readonly recordActions: readonly { readonly name: string }[];
}

/** One browser's session with the panel. */
export interface PanelVisit {
  readonly cookie: string;
  readonly get: (address: string) => Promise<PanelAnswer>;
  /** As AdminJS sends its forms: multipart. */
  readonly post: (
    address: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<PanelAnswer>;
}

/** Where the panel stands. */
export interface PanelPlace {
  readonly publicUrl?: string;
  readonly trustedProxies?: number;
  readonly bundleFolder?: string;
}

/** The panel as the web process serves it, on a database of its own, with a member of staff of each role. */
export async function openPanel(
  t: { readonly after: (close: () => Promise<void> | void) => unknown },
  {
    publicUrl = 'http://localhost',
    trustedProxies = 0,
    bundleFolder = path.join(PROJECT_ROOT, '.local', 'panel'),
  }: PanelPlace = {},
): Promise<TestPanel> {
  const database = await createTestDatabase(t);
  const { knex } = database;
  await knex('settings').insert({ key: 'billing.trial_minutes', value: '0' });
  const log = createSilentLogger();
  const billing = createBilling({
    knex,
    log,
    publicUrl,
    personSecret: 'a secret of at least thirty-two bytes',
    onCallEnded: () => {},
  });
  const nodes = new MediaNodes(knex);
  const desk = createCallDesk({
    knex,
    nodes,
    endHere: (callId, reason) => billing.meter.end(callId, { reason, talkedMs: 0 }),
  });
  const accounts = createAccounts({
    knex,
    log,
    clock: new FakeClock(),
    tokenSecret: 'a secret of at least thirty-two bytes',
    onRegistered: billing.onRegistered,
    endCalls: (transaction, userId, reason) => desk.endAllOf(transaction, userId, reason),
    deletion: { onDeleted: billing.onDeleted },
    passwords: { cost: { logN: 10, r: 8, p: 1 } },
    limits: { registrationPerPlace: { attempts: 10_000, withinSec: 60 } },
  });
  const sandbox = createSandbox({ knex, publicUrl, production: false });
  const payments = createPayments({
    knex,
    log,
    provider: sandbox,
    publicUrl,
  });
  const routes = [
    ...accounts.routes,
    ...billing.routes,
    ...payments.routes,
    ...mediaStaffRoutes({ knex, desk, nodes, charges: billing.charges, recordings: () => Promise.resolve([]) }),
  ];
  const panel = createPanel({
    knex,
    databaseUrl: database.url,
    tokenSecret: 'a secret of at least thirty-two bytes',
    publicUrl,
    bundleFolder,
    log,
    accounts,
    services: { accounts, billing: billing.staff, payments, desk, nodes },
    routes,
  });
  const app = createHttpApp({
    routes,
    authenticator: accounts.authenticator,
    log,
    metrics: createMetrics('test'),
    publicUrl,
    trustedProxies,
    middleware: [panel.middleware],
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  t.after(async () => {
    await server.close();
    await panel.close();
  });
  const url = server.url.replace('127.0.0.1', 'localhost');

  const learner = async (email: string): Promise<string> => {
    const { user } = await accounts.register({
      email,
      password: PANEL_PASSWORD,
      name: '',
      language: 'en',
      ip: '192.0.2.1',
    });
    return user.id;
  };
  const hire = async (role: StaffRole) => {
    const email = `${role}@example.com`;
    const id = await learner(email);
    await knex('user_accounts').where({ id }).update({ role });
    return { id, email };
  };
  const deposit = async (userId: string, kopecks: number): Promise<string> => {
    const ordered = await payments.createDeposit({ userId, amount: kopecks as Kopecks, idempotencyKey: 'deposit' });
    const { providerPaymentId: id = '' } = ordered;
    await sandbox.decide(id, 'succeeded');
    await payments.notify({
      provider: sandbox.name,
      body: { event: 'payment.succeeded', object: { id } },
      ip: '127.0.0.1',
    });
    return ordered.id;
  };
  const staff = { admin: await hire('admin'), support: await hire('support'), analyst: await hire('analyst') };
  return {
    url,
    database,
    knex,
    accounts,
    billing,
    staff,
    learner,
    deposit,
    signIn: (role) => signIn(url, staff[role].email),
  };
}

async function signIn(url: string, email: string): Promise<PanelVisit> {
  const entered = await fetch(`${url}/admin/login`, {
    method: 'POST',
    body: new URLSearchParams({ email, password: PANEL_PASSWORD }),
    headers: { origin: url },
    redirect: 'manual',
  });
  assert.equal(entered.status, 303, await entered.text());
  const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const ask = async (address: string, init: RequestInit): Promise<PanelAnswer> => {
    const response = await fetch(url + address, {
      redirect: 'manual',
      signal: AbortSignal.timeout(60_000),
      ...init,
      headers: { cookie, origin: url, ...(init.headers as Readonly<Record<string, string>> | undefined) },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as PanelJson };
  };
  return {
    cookie,
    get: (address) => ask(address, {}),
    post(address, fields = {}, headers = {}) {
      const body = new FormData();
      for (const [name, value] of Object.entries(fields)) body.set(name, value);
      return ask(address, { method: 'POST', body, headers });
    },
  };
}
