import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { connectDatabase } from '../platform/database.ts';
import type { AppError } from '../platform/errors.ts';
import { createSilentLogger } from '../platform/log.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createAccounts, type Accounts, type AccountsOptions } from './accounts.ts';

const ann = {
  email: 'ann@example.com',
  password: 'correct horse battery',
  name: 'Ann',
  language: 'en',
  ip: '192.0.2.1',
} as const;

async function setUp(t: TestContext, options: Partial<AccountsOptions> = {}) {
  const { knex } = await createTestDatabase(t);
  const clock = new FakeClock();
  return { accounts: accountsOn(knex, { clock, ...options }), clock, knex };
}

function accountsOn(knex: Knex, options: Partial<AccountsOptions> = {}): Accounts {
  return createAccounts({
    knex,
    log: createSilentLogger(),
    clock: new FakeClock(),
    tokenSecret: 'a secret of at least thirty-two bytes',
    onRegistered: async () => {},
    passwords: { cost: { logN: 10, r: 8, p: 1 } },
    ...options,
  });
}

const bearer = (token: string) => `Bearer ${token}`;

describe('registration', () => {
  it('makes an account that can sign in', async (t) => {
    const { accounts } = await setUp(t);
    const registered = await accounts.register(ann);
    assert.equal(registered.user.email, ann.email);
    assert.equal(registered.user.role, 'student');
    assert.equal(registered.user.level, 'beginner');
    const { user } = await accounts.login(ann);
    assert.equal(user.id, registered.user.id);
    const principal = await accounts.authenticator.authenticate(bearer(registered.token));
    assert.deepEqual(principal, { userId: user.id, role: 'student', tokenVersion: 1 });
  });

  it('refuses a second account with the same address, also when both come at once', async (t) => {
    const { accounts, knex } = await setUp(t);
    const attempts = await Promise.allSettled([accounts.register(ann), accounts.register(ann)]);
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    assert.deepEqual(
      refused.map(({ reason }) => (reason as AppError).code),
      ['email_taken'],
    );
    assert.equal((await knex('user_profiles')).length, 1);
  });

  it('makes nothing when what follows in its transaction fails', async (t) => {
    const { accounts, knex } = await setUp(t, { onRegistered: () => Promise.reject(new Error('no trial')) });
    await assert.rejects(accounts.register(ann), /no trial/);
    assert.equal((await knex('user_accounts')).length, 0);
  });

  it('refuses bad passwords with their codes', async (t) => {
    const { accounts } = await setUp(t);
    await assert.rejects(accounts.register({ ...ann, password: 'short' }), { code: 'password_too_short' });
    await assert.rejects(accounts.register({ ...ann, password: 'password123' }), { code: 'password_too_common' });
  });

  it('is limited by place', async (t) => {
    const limit = { attempts: 1, withinSec: 60 };
    const { accounts } = await setUp(t, {
      limits: {
        loginPerPlace: limit,
        loginPerPlaceAndEmail: limit,
        registrationPerPlace: limit,
        confirmationPerUser: limit,
      },
    });
    await accounts.register(ann);
    await assert.rejects(accounts.register({ ...ann, email: 'bob@example.com' }), { code: 'too_many_registrations' });
  });
});

describe('login', () => {
  it('answers a wrong password and an unknown address alike', async (t) => {
    const { accounts } = await setUp(t);
    await accounts.register(ann);
    const failure = async (credentials: { email: string; password: string }) => {
      const error = await accounts.login({ ...credentials, ip: ann.ip }).catch((thrown: unknown) => thrown);
      const { code, kind, message, details } = error as Record<string, unknown>;
      return { code, kind, message, details };
    };
    const wrong = await failure({ email: ann.email, password: 'correct horse batterz' });
    const unknown = await failure({ email: 'nobody@example.com', password: ann.password });
    assert.equal(wrong.code, 'credentials_invalid');
    assert.deepEqual(wrong, unknown);
  });

  it('is refused after too many failures even with the right password, and says when to come back', async (t) => {
    const { accounts } = await setUp(t);
    await accounts.register(ann);
    for (let n = 0; n < 5; n += 1) {
      await assert.rejects(accounts.login({ ...ann, password: 'wrong password' }), { code: 'credentials_invalid' });
    }
    await assert.rejects(accounts.login(ann), { code: 'too_many_logins' });
    assert.ok(await accounts.login({ ...ann, ip: '192.0.2.99' }));
  });

  it('does not fail for a password that nobody had time to look at', async (t) => {
    const { accounts, knex } = await setUp(t);
    await accounts.register(ann);
    await assert.rejects(accounts.login({ ...ann, password: 'wrong password' }), { code: 'credentials_invalid' });
    const busy = accountsOn(knex, { passwords: { concurrency: 0, queueLimit: 0 } });
    for (let n = 0; n < 6; n += 1) await assert.rejects(busy.login(ann), { code: 'sign_in_busy' });
    for (let n = 0; n < 4; n += 1) {
      await assert.rejects(accounts.login({ ...ann, password: 'wrong password' }), { code: 'credentials_invalid' });
    }
    await assert.rejects(accounts.login(ann), { code: 'too_many_logins' }, 'what failed before is not forgiven for it');
  });

  it('renews a hash made with other parameters', async (t) => {
    const { accounts, knex, clock } = await setUp(t);
    await accounts.register(ann);
    const stronger = accountsOn(knex, { clock, passwords: { cost: { logN: 11, r: 8, p: 1 } } });
    await stronger.login(ann);
    const row: { password_hash: string } | undefined = await knex('user_accounts').first('password_hash');
    assert.match(row?.password_hash ?? '', /^\$scrypt\$ln=11,/);
    assert.ok(await stronger.login(ann));
  });
});

describe('tokens of an account', () => {
  it('are refused without a header, and with anything else in it', async (t) => {
    const { accounts } = await setUp(t);
    for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b']) {
      await assert.rejects(accounts.authenticator.authenticate(header), { code: 'token_missing' });
    }
    await assert.rejects(accounts.authenticator.authenticate('Bearer abc'), { code: 'token_invalid' });
  });

  it('end with a logout everywhere, on the API and in calls', async (t) => {
    const ended: string[] = [];
    const { accounts } = await setUp(t, {
      endCalls: async (transaction, userId, reason) => {
        // In the transaction itself: the tokens are void in it already, and nowhere else.
        const { token_version: version } = await transaction('user_accounts').where('id', userId).first();
        ended.push(`${userId} ${reason} ${version}`);
      },
    });
    const { user, token } = await accounts.register(ann);
    const call = { callId: user.id, userId: user.id, nodeId: 'media-0' };
    const callToken = await accounts.callTokens.issue({ ...call, tokenVersion: 1 });
    assert.deepEqual(await accounts.callTokens.verify(callToken), call);
    await accounts.logoutEverywhere(user.id);
    assert.deepEqual(ended, [`${user.id} signed_out 2`]);
    await assert.rejects(accounts.authenticator.authenticate(bearer(token)), { code: 'token_invalid' });
    await assert.rejects(accounts.callTokens.verify(callToken), { code: 'token_invalid' });
    await assert.rejects(accounts.callTokens.issue({ ...call, tokenVersion: 1 }), { code: 'token_invalid' });
    assert.ok(await accounts.callTokens.issue({ ...call, tokenVersion: 2 }));
    assert.ok(await accounts.authenticator.authenticate(bearer((await accounts.login(ann)).token)));
  });

  it('end with a block, and no new ones are made until it is lifted', async (t) => {
    const { accounts } = await setUp(t);
    const { user, token } = await accounts.register(ann);
    const { user: bob } = await accounts.register({ ...ann, email: 'bob@example.com' });
    const order = { actorId: bob.id, ip: '' };
    await accounts.blockByStaff(user.id, 'a test', order);
    await assert.rejects(accounts.authenticator.authenticate(bearer(token)), { code: 'token_invalid' });
    await assert.rejects(accounts.login(ann), { code: 'account_blocked' });
    await assert.rejects(accounts.login({ ...ann, password: 'wrong password' }), { code: 'credentials_invalid' });
    const call = { callId: user.id, userId: user.id, nodeId: 'media-0' };
    await assert.rejects(accounts.callTokens.issue({ ...call, tokenVersion: 2 }), { code: 'token_invalid' });
    await accounts.unblockByStaff(user.id, 'a test', order);
    await assert.rejects(accounts.authenticator.authenticate(bearer(token)), { code: 'token_invalid' });
    assert.ok(await accounts.login(ann));
  });

  it('serve one purpose', async (t) => {
    const { accounts } = await setUp(t);
    const { user, token } = await accounts.register(ann);
    const call = { callId: user.id, userId: user.id, nodeId: 'media-0' };
    const callToken = await accounts.callTokens.issue({ ...call, tokenVersion: 1 });
    await assert.rejects(accounts.authenticator.authenticate(bearer(callToken)), { code: 'token_invalid' });
    await assert.rejects(accounts.callTokens.verify(token), { code: 'token_invalid' });
  });
});

describe('the first administrator', () => {
  it('is made once, also when several processes start at once', async (t) => {
    const { accounts, knex } = await setUp(t);
    const made = await Promise.all([1, 2, 3].map(() => accounts.ensureAdmin({ email: 'Boss@Example.com ' })));
    const [admin, ...others] = made.filter((result) => result !== undefined);
    assert.equal(others.length, 0);
    assert.equal(admin?.email, 'boss@example.com');
    const { user } = await accounts.login({ ...ann, email: admin.email, password: admin.generatedPassword ?? '' });
    assert.equal(user.role, 'admin');
    assert.equal((await knex('user_accounts')).length, 1);
  });

  it('takes the password that was given, and does not repeat it', async (t) => {
    const { accounts } = await setUp(t);
    const admin = await accounts.ensureAdmin({ email: 'boss@example.com', password: 'the password given' });
    assert.deepEqual(admin, { email: 'boss@example.com' });
    assert.ok(await accounts.login({ ...ann, email: 'boss@example.com', password: 'the password given' }));
  });

  it('is not made of a learner’s account', async (t) => {
    const { accounts } = await setUp(t);
    await accounts.register(ann);
    await assert.rejects(accounts.ensureAdmin({ email: ann.email }), { code: 'admin_email_taken' });
  });
});

/** No database is asked: knex connects with its first query. */
function bodySchema(t: TestContext, path: string, method = 'post') {
  const database = connectDatabase({ url: 'postgres://127.0.0.1:1/none', poolSize: 1, applicationName: 'none' });
  t.after(() => database.close());
  const { routes } = accountsOn(database.knex);
  const route = routes.find((each) => each.path === path && each.method === method);
  assert.ok(route?.body);
  return route.body;
}

describe('what the routes take', () => {
  it('normalises the address', (t) => {
    const schema = bodySchema(t, '/api/auth/register');
    const parsed = schema.parse({ email: '  Ann@Example.COM ', password: 'x' }) as { email: string };
    assert.equal(parsed.email, 'ann@example.com');
  });

  for (const [what, body] of [
    ['nothing', {}],
    ['an array', []],
    ['no password', { email: 'ann@example.com' }],
    ['no address', { password: 'correct horse battery' }],
    ['an address without a host', { email: 'ann@', password: 'correct horse battery' }],
    ['an address with a NUL', { email: 'ann\u0000@example.com', password: 'correct horse battery' }],
    ['an address that is too long', { email: `${'a'.repeat(250)}@example.com`, password: 'correct horse battery' }],
    ['a password that is no text', { email: 'ann@example.com', password: 12_345_678_901 }],
    ['a password of a megabyte', { email: 'ann@example.com', password: 'x'.repeat(1_000_000) }],
    ['a name with a NUL', { email: 'ann@example.com', password: 'correct horse battery', name: 'A\u0000' }],
    ['a name that is too long', { email: 'ann@example.com', password: 'correct horse battery', name: 'a'.repeat(81) }],
    ['a language we do not teach', { email: 'ann@example.com', password: 'correct horse battery', language: 'tlh' }],
    ['a role', { email: 'ann@example.com', password: 'correct horse battery', role: 'admin' }],
  ] as const) {
    it(`refuses a registration with ${what}`, (t) => {
      const schema = bodySchema(t, '/api/auth/register');
      assert.equal(schema.safeParse(body).success, false);
    });
  }

  it('changes what is given and leaves the rest', async (t) => {
    const { accounts } = await setUp(t);
    const { user } = await accounts.register(ann);
    const changed = await accounts.changeProfile(user.id, { level: 'advanced', name: undefined });
    assert.equal(changed.level, 'advanced');
    assert.equal(changed.name, 'Ann');
    assert.deepEqual(await accounts.changeProfile(user.id, {}), changed);
  });

  it('does not let a profile change a wallet', (t) => {
    const schema = bodySchema(t, '/api/me', 'put');
    assert.equal(schema.safeParse({ minutes_balance: 1000 }).success, false);
  });
});
