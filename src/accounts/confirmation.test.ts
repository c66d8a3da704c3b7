import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Knex } from 'knex';
import { createSilentLogger } from '../platform/log.ts';
import { serveApi } from '../testing/api.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import type { Registration } from './account-service.ts';
import { createAccounts } from './accounts.ts';

const ann: Registration = {
  email: 'ann@example.com',
  password: 'correct horse battery',
  name: 'Buy now at http://spam.example',
  language: 'en',
  ip: '192.0.2.1',
};
const HOUR_MS = 3_600_000;

async function setUp(t: TestContext, onConfirmed: (transaction: Knex.Transaction) => Promise<void> = async () => {}) {
  const { knex } = await createTestDatabase(t);
  const clock = new FakeClock();
  const confirmed: string[] = [];
  const accounts = createAccounts({
    knex,
    log: createSilentLogger(),
    clock,
    tokenSecret: 'a secret of at least thirty-two bytes',
    onRegistered: async () => {},
    confirmation: {
      publicUrl: 'https://ailingva.example',
      async onConfirmed(transaction, userId) {
        await onConfirmed(transaction);
        confirmed.push(userId);
      },
    },
    passwords: { cost: { logN: 10, r: 8, p: 1 } },
  });
  const ask = await serveApi(t, accounts);
  const confirm = async (token: string) => {
    const { status, body } = await ask('POST', '/api/auth/confirm', { body: { token } });
    return status === 204 ? 'confirmed' : body['code'];
  };
  return { knex, clock, accounts, confirmed, ask, confirm };
}

async function letters(knex: Knex): Promise<{ recipient: string; subject: string; text: string; html: string }[]> {
  return knex('mail_outbox').orderBy('created_at').select('recipient', 'subject', 'text', 'html');
}

async function tokens(knex: Knex): Promise<string[]> {
  return (await letters(knex)).map(({ text }) => {
    const token = /https:\/\/ailingva\.example\/confirm\?token=([\w-]+)\n/.exec(text)?.[1];
    assert.ok(token !== undefined, text);
    return token;
  });
}

describe('confirming an address', () => {
  it('works once with the link of the letter, and tells the rest of the house once', async (t) => {
    const { knex, accounts, confirmed, confirm } = await setUp(t);
    const { user } = await accounts.register(ann);
    assert.equal(user.confirmed, false);
    const [token = ''] = await tokens(knex);
    assert.equal(await confirm(token), 'confirmed');
    assert.equal((await accounts.me(user.id)).confirmed, true);
    assert.equal(await confirm(token), 'confirmation_token_used');
    assert.deepEqual(confirmed, [user.id]);
  });

  it('happens once, whether one link or two are opened at once', async (t) => {
    const { knex, accounts, confirmed, confirm, ask } = await setUp(t);
    const { token: pass } = await accounts.register(ann);
    assert.equal((await ask('POST', '/api/auth/confirmation', { token: pass })).status, 204);
    const [first = '', second = ''] = await tokens(knex);
    assert.notEqual(first, second);
    const outcomes = await Promise.all([first, second, first, second].map(confirm));
    assert.equal(outcomes.filter((outcome) => outcome === 'confirmed').length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'confirmation_token_used').length, 3);
    assert.equal(confirmed.length, 1);
  });

  it('is undone as a whole when what follows from it fails', async (t) => {
    let broken = true;
    const { knex, accounts, confirm, confirmed } = await setUp(t, async () => {
      if (broken) throw new Error('no reward');
    });
    const { user } = await accounts.register(ann);
    const [token = ''] = await tokens(knex);
    assert.equal(await confirm(token), 'internal');
    assert.equal((await accounts.me(user.id)).confirmed, false);
    broken = false;
    assert.equal(await confirm(token), 'confirmed');
    assert.equal(confirmed.length, 1);
  });

  it('is refused with a link that is old, foreign, or for an address that the account no longer has', async (t) => {
    const { knex, clock, accounts, confirm } = await setUp(t);
    const { user } = await accounts.register(ann);
    const [token = ''] = await tokens(knex);
    assert.equal(await confirm('x'.repeat(43)), 'confirmation_token_invalid');
    assert.equal(await confirm(`${token}=`), 'confirmation_token_invalid');
    await knex('user_accounts').where('id', user.id).update({ email: 'other@example.com' });
    assert.equal(await confirm(token), 'confirmation_token_invalid');
    await knex('user_accounts').where('id', user.id).update({ email: ann.email });
    await clock.advance(48 * HOUR_MS);
    assert.equal(await confirm(token), 'confirmation_token_expired');
    assert.equal((await accounts.me(user.id)).confirmed, false);
  });

  it('is refused to a blocked account', async (t) => {
    const { knex, accounts, confirm, confirmed } = await setUp(t);
    const { user } = await accounts.register(ann);
    await knex('user_accounts').where('id', user.id).update({ blocked_at: new Date() });
    const [token = ''] = await tokens(knex);
    assert.equal(await confirm(token), 'account_blocked');
    assert.deepEqual(confirmed, []);
  });

  it('keeps nothing that could confirm in the table of tokens', async (t) => {
    const { knex, accounts } = await setUp(t);
    await accounts.register(ann);
    const [token = ''] = await tokens(knex);
    assert.doesNotMatch(JSON.stringify(await knex('account_tokens')), new RegExp(token));
  });

  it('parses what it is sent', async (t) => {
    const { ask } = await setUp(t);
    for (const body of [{}, { token: '' }, { token: 1 }, { token: 'x'.repeat(201) }, { token: 'x', user: 'y' }, []]) {
      const { status } = await ask('POST', '/api/auth/confirm', { body });
      assert.equal(status, 400, JSON.stringify(body));
    }
    assert.equal((await ask('POST', '/api/auth/confirm', { body: { token: 'a\u0000b' } })).status, 400);
  });
});

describe('the letter', () => {
  it('is in the language that the browser asks for, and repeats nothing that was typed', async (t) => {
    const { knex, ask } = await setUp(t);
    const register = (email: string, headers: Record<string, string>, extra: object = {}) =>
      ask('POST', '/api/auth/register', {
        headers,
        body: { email, password: ann.password, name: ann.name, ...extra },
      });
    await register('a@example.com', { 'accept-language': 'ru-RU,ru;q=0.9,en;q=0.8' });
    await register('b@example.com', { 'accept-language': 'de, en-GB;q=0.5' });
    await register('c@example.com', { 'accept-language': 'ru' }, { interface_language: 'en' });
    await register('d@example.com', { 'accept-language': 'de' });
    const sent = await letters(knex);
    assert.deepEqual(
      sent.map(({ recipient, subject }) => [recipient[0], /[а-я]/.test(subject) ? 'ru' : 'en']),
      [
        ['a', 'ru'],
        ['b', 'en'],
        ['c', 'en'],
        ['d', 'en'],
      ],
    );
    for (const { text, html } of sent) {
      assert.doesNotMatch(text + html, /spam/);
      assert.match(html, /href="https:\/\/ailingva\.example\/confirm\?token=/);
    }
  });

  it('is not sent for a registration that failed', async (t) => {
    const { knex, accounts } = await setUp(t);
    await accounts.register(ann);
    await assert.rejects(accounts.register(ann), { code: 'email_taken' });
    assert.equal((await letters(knex)).length, 1);
  });

  it('is sent again a few times in an hour, and not once it did its work', async (t) => {
    const { knex, accounts, ask, confirm } = await setUp(t);
    const { token } = await accounts.register(ann);
    const again = async () => (await ask('POST', '/api/auth/confirmation', { token })).status;
    assert.deepEqual([await again(), await again(), await again()], [204, 204, 204]);
    const sent = await tokens(knex);
    assert.equal(await confirm(sent[0] ?? ''), 'confirmed');
    const done = await ask('POST', '/api/auth/confirmation', { token });
    assert.deepEqual([done.status, done.body['code']], [409, 'already_confirmed']);
    assert.equal(await confirm(sent[3] ?? ''), 'confirmation_token_used');
    await again();
    const limited = await ask('POST', '/api/auth/confirmation', { token });
    assert.deepEqual([limited.status, limited.body['code']], [429, 'too_many_confirmations']);
    assert.ok(Number(limited.headers.get('retry-after')) > 0);
  });

  it('is sent to nobody who is not signed in', async (t) => {
    const { knex, ask } = await setUp(t);
    assert.equal((await ask('POST', '/api/auth/confirmation')).status, 401);
    assert.deepEqual(await letters(knex), []);
  });
});
