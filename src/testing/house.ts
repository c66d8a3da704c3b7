import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Knex } from 'knex';
import { createAccounts, type Accounts } from '../accounts/index.ts';
import { createBilling, type Billing } from '../billing/index.ts';
import { createCallDesk, MediaNodes } from '../media/index.ts';
import type { Role } from '../platform/http.ts';
import { createSilentLogger } from '../platform/log.ts';
import { serveApi, type Ask } from './api.ts';
import { FakeClock } from './fake-clock.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

export interface Learner {
  readonly id: string;
  readonly email: string;
  /** Their token for the API. */
  readonly token: string;
}

/** Accounts and billing joined as the web process joins them, behind HTTP, on a database of their own. */
export interface House {
  readonly database: TestDatabase;
  readonly knex: Knex;
  readonly accounts: Accounts;
  readonly billing: Billing;
  readonly ask: Ask;
  /** Registers somebody; fails the test if that fails. */
  readonly register: (email: string, referralCode?: string) => Promise<Learner>;
  /** Opens the link of the letter. */
  readonly confirm: (learner: Pick<Learner, 'email'>) => Promise<void>;
  readonly codeOf: (learner: Pick<Learner, 'token'>) => Promise<string>;
  /** Balance and held, in minutes. */
  readonly wallet: (learner: Pick<Learner, 'id'>) => Promise<[balance: number, held: number]>;
  /** A member of staff; they have an empty wallet. */
  readonly staff: (role: Role) => Promise<Learner>;
  readonly set: (key: string, value: unknown) => Promise<void>;
}

export const PASSWORD = 'correct horse battery';

/** After the test the books must hold. */
export async function openHouse(t: TestContext): Promise<House> {
  // Before the database registers its own end: hooks run in the order of their registration.
  let books: Billing | undefined;
  t.after(async () => assert.deepEqual(await books?.checkInvariants(), []));
  const database = await createTestDatabase(t);
  const { knex } = database;
  const log = createSilentLogger();
  const tokenSecret = 'a secret of at least thirty-two bytes';
  const billing = createBilling({
    knex,
    log,
    onCallEnded: () => {},
    publicUrl: 'https://ailingva.example',
    personSecret: tokenSecret,
  });
  books = billing;
  const desk = createCallDesk({ knex, nodes: new MediaNodes(knex), endHere: () => Promise.resolve() });
  const accounts = createAccounts({
    knex,
    log,
    clock: new FakeClock(),
    tokenSecret,
    onRegistered: billing.onRegistered,
    confirmation: { publicUrl: 'https://ailingva.example', onConfirmed: billing.onConfirmed },
    endCalls: (transaction, userId, reason) => desk.endAllOf(transaction, userId, reason),
    deletion: { onDeleted: billing.onDeleted },
    passwords: { cost: { logN: 10, r: 8, p: 1 } },
    limits: { registrationPerPlace: { attempts: 1000, withinSec: 60 } },
  });
  const ask = await serveApi(t, {
    routes: [...accounts.routes, ...billing.routes],
    authenticator: accounts.authenticator,
  });

  const house: House = {
    database,
    knex,
    accounts,
    billing,
    ask,
    async register(email, referralCode) {
      const { user, token } = await accounts.register({
        email,
        password: PASSWORD,
        name: '',
        language: 'en',
        ip: '192.0.2.1',
        ...(referralCode !== undefined && { referralCode }),
      });
      return { id: user.id, email, token };
    },
    async confirm({ email }) {
      const token = await linkToken(knex, email);
      const { status, text } = await ask('POST', '/api/auth/confirm', { body: { token } });
      assert.equal(status, 204, text);
    },
    async codeOf({ token }) {
      const { body } = await ask('GET', '/api/billing/referral', { token });
      assert.ok(typeof body['code'] === 'string');
      return body['code'];
    },
    async wallet({ id }) {
      const { balance, held } = await billing.balance(id);
      return [balance / 100, held / 100];
    },
    async staff(role) {
      const email = `${role}-${crypto.randomUUID()}@example.com`;
      await house.set('billing.trial_minutes', 0);
      const { id, token } = await house.register(email);
      await knex('settings').where('key', 'billing.trial_minutes').delete();
      await knex('user_accounts').where({ id }).update({ role });
      return { id, email, token };
    },
    async set(key, value) {
      await knex('settings')
        .insert({ key, value: JSON.stringify(value) })
        .onConflict('key')
        .merge();
    },
  };
  return house;
}

/** The token in the last letter to an address. */
export async function linkToken(knex: Knex, email: string): Promise<string> {
  const letter: { text: string } | undefined = await knex('mail_outbox')
    .where('recipient', email)
    .orderBy('created_at', 'desc')
    .first('text');
  const token = /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
  assert.ok(token !== undefined, 'a letter with a link');
  return token;
}
