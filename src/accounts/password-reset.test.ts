import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { createSilentLogger } from '../platform/log.ts';
import { serveApi, type ApiRequest } from '../testing/api.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { until } from '../testing/until.ts';
import type { Registration } from './account-service.ts';
import { createAccounts } from './accounts.ts';
import type { AttemptLimitsConfig } from './attempt-limits.ts';
import { answerPasswordRequests } from './password-requests.ts';

const ann: Registration = {
  email: 'ann@example.com',
  password: 'correct horse battery',
  name: 'Buy now at http://spam.example',
  language: 'en',
  ip: '127.0.0.1',
};
const NEW_PASSWORD = 'another long sentence';
const MINUTE_MS = 60_000;
const FORGOT = '/api/auth/password/forgot';
const RESET = '/api/auth/password/reset';

async function setUp(t: TestContext, limits: Partial<AttemptLimitsConfig> = {}) {
  const { knex } = await createTestDatabase(t);
  const clock = new FakeClock();
  const log = createSilentLogger();
  const publicUrl = 'https://ailingva.example';
  const confirmed: string[] = [];
  const ended: string[] = [];
  const accounts = createAccounts({
    knex,
    log,
    clock,
    tokenSecret: 'a secret of at least thirty-two bytes',
    onRegistered: async () => {},
    confirmation: { publicUrl, onConfirmed: async (_transaction, userId) => void confirmed.push(userId) },
    endCalls: async (_transaction, userId, reason) => void ended.push(`${userId} ${reason}`),
    deletion: { onDeleted: async () => {} },
    passwordReset: { publicUrl },
    limits,
    passwords: { cost: { logN: 10, r: 8, p: 1 } },
  });
  const ask = await serveApi(t, accounts);
  const answer = () => answerPasswordRequests({ knex, clock, log, publicUrl });
  const forgot = (email: string, request: ApiRequest = {}) => ask('POST', FORGOT, { ...request, body: { email } });
  const register = async (registration: Partial<Registration> = {}) => {
    const signedIn = await accounts.register({ ...ann, ...registration });
    await knex('mail_outbox').delete();
    return signedIn;
  };
  const order = { actorId: (await register({ email: 'staff@example.com' })).user.id, ip: '' };
  /** The token that the jobs process sends for a request. */
  const link = async (email = ann.email) => {
    assert.equal((await forgot(email)).status, 202);
    assert.equal((await answer()).sent, 1);
    return newestToken(knex);
  };
  const reset = async (token: string, password = NEW_PASSWORD) => {
    const { status, body } = await ask('POST', RESET, { body: { token, password } });
    return status === 204 ? 'changed' : body['code'];
  };
  const check = async (token: string) => {
    const { status, body } = await ask('POST', `${RESET}/check`, { body: { token } });
    return status === 204 ? 'good' : body['code'];
  };
  const signIn = async (password: string) => {
    const { status, body } = await ask('POST', '/api/auth/login', { body: { email: ann.email, password } });
    return status === 200 ? 'in' : body['code'];
  };
  return { knex, clock, accounts, confirmed, ended, order, ask, answer, forgot, register, link, check, reset, signIn };
}

async function letters(knex: Knex): Promise<{ recipient: string; subject: string; text: string; html: string }[]> {
  return knex('mail_outbox').orderBy('id').select('recipient', 'subject', 'text', 'html');
}

async function newestToken(knex: Knex): Promise<string> {
  const text = (await letters(knex)).at(-1)?.text ?? '';
  const token = /https:\/\/ailingva\.example\/reset-password\?token=([\w-]{43})\n/.exec(text)?.[1];
  assert.ok(token !== undefined, text);
  return token;
}

/** How many of this database's connections wait for a lock. */
async function waiting(knex: Knex): Promise<number> {
  const { rows } = await knex.raw<{ rows: { waiting: number }[] }>(`
    SELECT count(DISTINCT pid)::int AS waiting FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()`);
  return rows[0]?.waiting ?? 0;
}

describe('asking for a new password', () => {
  it('is answered alike for every address, before any account is looked at', async (t) => {
    const { knex, accounts, order, answer, forgot, register } = await setUp(t);
    await register();
    const { user: blocked } = await register({ email: 'blocked@example.com' });
    await accounts.blockByStaff(blocked.id, 'a test', order);
    const { user: gone } = await register({ email: 'gone@example.com' });
    await accounts.deleteAccount({ userId: gone.id, by: { ...order, reason: 'asked' } });
    const addresses = ['ann@example.com', 'nobody@example.com', 'blocked@example.com', 'gone@example.com'];
    const answers = [];
    for (const address of addresses) {
      const { status, text, headers } = await forgot(address);
      answers.push([status, text, [...headers.keys()].toSorted().join()].join(' '));
    }
    assert.match(answers[0] ?? '', /^202 \{\} /);
    assert.equal(new Set(answers).size, 1, 'one answer');
    assert.equal((await knex('password_requests')).length, 4);
    assert.deepEqual(await letters(knex), [], 'whoever has an account is found out behind the answer');
    assert.equal((await knex('account_tokens').where('purpose', 'reset_password')).length, 0);

    assert.deepEqual(await answer(), { sent: 1, ignored: 3, failed: 0 });
    assert.deepEqual(
      (await letters(knex)).map(({ recipient }) => recipient),
      ['ann@example.com'],
    );
    assert.deepEqual(await knex('password_requests'), [], 'no address stays');
    assert.deepEqual(await answer(), { sent: 0, ignored: 0, failed: 0 });
  });

  it('sends one letter, whatever number of processes answer at once', async (t) => {
    const { knex, answer, forgot, register } = await setUp(t);
    await register();
    await forgot(' ANN@example.com ');
    const reports = await Promise.all([answer(), answer(), answer()]);
    assert.equal(
      reports.reduce((sum, { sent }) => sum + sent, 0),
      1,
    );
    assert.equal((await letters(knex)).length, 1);
  });

  it('writes in the language of the account, else of the browser, and repeats nothing that was typed', async (t) => {
    const { knex, answer, forgot, register } = await setUp(t);
    await register({ email: 'a@example.com', interfaceLanguage: 'ru' });
    await register({ email: 'b@example.com', interfaceLanguage: 'en' });
    await register({ email: 'c@example.com' });
    await register({ email: 'd@example.com' });
    for (const email of ['a@example.com', 'd@example.com'])
      await forgot(email, { headers: { 'accept-language': 'de' } });
    for (const email of ['b@example.com', 'c@example.com'])
      await forgot(email, { headers: { 'accept-language': 'ru' } });
    await answer();
    const sent = await letters(knex);
    assert.deepEqual(
      sent.map(({ recipient, subject }) => `${recipient[0]} ${/[а-я]/.test(subject) ? 'ru' : 'en'}`).toSorted(),
      ['a ru', 'b en', 'c ru', 'd en'],
    );
    for (const { text, html } of sent) {
      assert.doesNotMatch(text + html, /spam/);
      assert.match(html, /href="https:\/\/ailingva\.example\/reset-password\?token=/);
    }
  });

  it('is limited for one address, with an account or without, and for one place', async (t) => {
    const { forgot, register } = await setUp(t, {
      passwordRequestPerEmail: { attempts: 2, withinSec: 60 },
      passwordRequestPerPlace: { attempts: 7, withinSec: 60 },
    });
    await register();
    for (const email of ['ann@example.com', 'nobody@example.com']) {
      assert.deepEqual([(await forgot(email)).status, (await forgot(email.toUpperCase())).status], [202, 202]);
      const { status, body, headers } = await forgot(email);
      assert.deepEqual([status, body['code']], [429, 'too_many_password_requests']);
      assert.ok(Number(headers.get('retry-after')) > 0);
    }
    assert.equal((await forgot('seventh@example.com')).status, 202);
    assert.equal((await forgot('eighth@example.com')).status, 429);
  });

  it('is forgotten when nobody answered it for an hour, or the account was deleted', async (t) => {
    const { knex, clock, accounts, answer, forgot, register } = await setUp(t);
    const { user } = await register();
    await forgot(ann.email);
    await clock.advance(60 * MINUTE_MS + 1);
    assert.deepEqual(await answer(), { sent: 0, ignored: 1, failed: 0 });
    assert.deepEqual(await letters(knex), []);
    await forgot(ann.email);
    await accounts.deleteOwn({ userId: user.id, password: ann.password, minutesGivenUp: 0, ip: ann.ip });
    assert.deepEqual(await knex('password_requests'), []);
  });

  it('parses what it is sent', async (t) => {
    const { ask } = await setUp(t);
    for (const body of [{}, { email: 'x' }, { email: 'a\u0000@example.com' }, { email: ann.email, user: 'y' }, []]) {
      assert.equal((await ask('POST', FORGOT, { body })).status, 400, JSON.stringify(body));
    }
    for (const body of [{}, { token: '' }, { token: 'x'.repeat(201) }, { token: 'x', password: NEW_PASSWORD }]) {
      assert.equal((await ask('POST', `${RESET}/check`, { body })).status, 400, JSON.stringify(body));
    }
    for (const body of [{}, { token: 'x' }, { token: '', password: NEW_PASSWORD }, { token: 'x', password: '' }]) {
      assert.equal((await ask('POST', RESET, { body })).status, 400, JSON.stringify(body));
    }
  });
});

describe('a new password', () => {
  it('is taken once with the link, ends every token, session and call, and is told to the owner', async (t) => {
    const { knex, accounts, confirmed, ended, ask, register, link, reset, signIn } = await setUp(t);
    const { user, token: pass } = await register({ interfaceLanguage: 'ru' });
    await knex('user_accounts').where('id', user.id).update({ role: 'support' });
    const staffPass = await accounts.signInStaff(ann);
    const call = { callId: crypto.randomUUID(), userId: user.id, nodeId: 'a', tokenVersion: 1 };
    const callToken = await accounts.callTokens.issue(call);
    const token = await link();
    assert.equal((await ask('GET', '/api/me', { token: pass })).status, 200, 'asking ends nothing');
    assert.ok(await accounts.readStaff(staffPass));
    assert.deepEqual(ended, []);
    await knex('mail_outbox').delete();

    assert.equal(await reset(token), 'changed');
    assert.deepEqual(ended, [`${user.id} signed_out`]);
    assert.equal((await ask('GET', '/api/me', { token: pass })).status, 401);
    assert.equal(await accounts.readStaff(staffPass), undefined);
    await assert.rejects(accounts.callTokens.verify(callToken), { code: 'token_invalid' });
    assert.deepEqual([await signIn(ann.password), await signIn(NEW_PASSWORD)], ['credentials_invalid', 'in']);
    assert.equal(await reset(token, 'a third long sentence'), 'reset_token_used');
    assert.equal(await signIn(NEW_PASSWORD), 'in');

    const [told, ...more] = await letters(knex);
    assert.deepEqual([told?.recipient, more.length], [ann.email, 0]);
    assert.match(told?.subject ?? '', /Пароль от AIlingva изменён/);
    assert.doesNotMatch(JSON.stringify(told), /token=|another long/);
    const [entry, ...others] = await knex('audit_log').where('action', 'user.reset_password');
    assert.equal(others.length, 0);
    assert.deepEqual(
      [entry.actor_id, entry.subject_id, entry.details, entry.ip],
      [user.id, user.id, { role: 'support' }, null],
    );
    // An invitation is rewarded for the letter of the registration alone.
    assert.equal((await accounts.me(user.id)).confirmed, false);
    assert.deepEqual(confirmed, []);
  });

  it('is one, when the link is opened twice at once', async (t) => {
    const { knex, register, link, reset, signIn } = await setUp(t);
    const { user } = await register();
    const token = await link();
    const passwords = ['the first long sentence', 'the second long sentence'];
    // Both have made their hash before either may go on.
    const outcomes = await knex.transaction(async (holder) => {
      await holder('user_accounts').where('id', user.id).forNoKeyUpdate().first('id');
      const both = Promise.all(passwords.map((password) => reset(token, password)));
      await until(async () => (await waiting(knex)) === 2, 'both to wait for the account');
      return { both };
    });
    const [first, second] = await outcomes.both;
    assert.deepEqual(
      new Set([first, second]),
      new Set(['changed', 'reset_token_used']),
      'the second finds the link used',
    );
    assert.equal(await signIn(passwords[first === 'changed' ? 0 : 1] ?? ''), 'in');
    assert.equal((await knex('audit_log').where('action', 'user.reset_password')).length, 1);
    assert.equal((await letters(knex)).length, 2, 'the link, and that it was changed');
  });

  it('is refused with a link that is an hour old', async (t) => {
    const { clock, register, link, check, reset, signIn } = await setUp(t);
    await register();
    const early = await link();
    await clock.advance(60 * MINUTE_MS - 1);
    assert.deepEqual([await check(early), await check(early)], ['good', 'good'], 'asking uses nothing up');
    assert.equal(await reset(early), 'changed');
    const late = await link();
    await clock.advance(60 * MINUTE_MS);
    assert.equal(await check(late), 'reset_token_expired');
    assert.equal(await reset(late, 'a third long sentence'), 'reset_token_expired');
    assert.equal(await signIn(NEW_PASSWORD), 'in');
  });

  it('is refused with a link that a newer one replaced, one for something else, and what the database has of it', async (t) => {
    const { knex, accounts, ask, register, link, check, reset } = await setUp(t);
    const { user } = await accounts.register(ann);
    const confirmation = /token=([\w-]+)/.exec((await letters(knex))[0]?.text ?? '')?.[1] ?? '';
    assert.equal(await reset(confirmation), 'reset_token_invalid');
    await register({ email: 'bob@example.com' });
    const bobs = await link('bob@example.com');
    const older = await link();
    const newer = await link();
    const stored: { token_hash: string }[] = await knex('account_tokens').where('purpose', 'reset_password');
    assert.doesNotMatch(JSON.stringify(stored), new RegExp(newer));
    for (const { token_hash: hash } of stored) assert.equal(await reset(hash), 'reset_token_invalid');
    assert.equal(await check(older), 'reset_token_used');
    assert.equal(await reset(older), 'reset_token_used');
    assert.equal(await check('x'.repeat(43)), 'reset_token_invalid');
    assert.equal(await reset('x'.repeat(43)), 'reset_token_invalid');
    const misused = await ask('POST', '/api/auth/confirm', { body: { token: newer } });
    assert.equal(misused.body['code'], 'confirmation_token_invalid');
    await knex('user_accounts').where('id', user.id).update({ email: 'other@example.com' });
    assert.equal(await reset(newer), 'reset_token_invalid', 'for an address that is no longer the account’s');
    await knex('user_accounts').where('id', user.id).update({ email: ann.email });
    assert.equal(await reset(newer), 'changed');
    assert.equal(await reset(bobs), 'changed', 'what others do leaves it good');
  });

  it('follows the rules of the registration; a refused one leaves the link good', async (t) => {
    const { register, link, reset } = await setUp(t);
    await register();
    const token = await link();
    assert.equal(await reset(token, 'short'), 'password_too_short');
    assert.equal(await reset(token, 'x'.repeat(201)), 'password_too_long');
    assert.equal(await reset(token, ann.email), 'password_too_common');
    assert.equal(await reset(token), 'changed');
  });

  it('is refused to a blocked account, and to a deleted one', async (t) => {
    const { knex, accounts, order, register, link, check, reset } = await setUp(t);
    const { user } = await register();
    const token = await link();
    await accounts.blockByStaff(user.id, 'a test', order);
    assert.equal(await check(token), 'account_blocked');
    await knex('mail_outbox').delete();
    assert.equal(await reset(token), 'account_blocked');
    assert.deepEqual(await letters(knex), []);
    await accounts.unblockByStaff(user.id, 'a test', order);
    await accounts.deleteOwn({ userId: user.id, password: ann.password, minutesGivenUp: 0, ip: ann.ip });
    assert.equal(await reset(token), 'reset_token_invalid');
    assert.deepEqual(await letters(knex), []);
  });

  it('lets in whoever tried too many old ones before', async (t) => {
    const { register, link, reset, signIn } = await setUp(t, {
      loginPerPlaceAndEmail: { attempts: 2, withinSec: 900 },
    });
    await register();
    for (let n = 0; n < 3; n += 1) await signIn('is it this one?');
    assert.equal(await signIn(ann.password), 'too_many_logins');
    assert.equal(await reset(await link()), 'changed');
    assert.equal(await signIn(NEW_PASSWORD), 'in');
  });
});
