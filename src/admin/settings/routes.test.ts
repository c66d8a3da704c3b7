import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Knex } from 'knex';
import { z } from 'zod';
import { defineSetting, readSetting } from '../../platform/settings.ts';
import { serveApi, type ApiAnswer, type Ask } from '../../testing/api.ts';
import { handOutBadges } from '../../testing/staff.ts';
import { createTestDatabase } from '../../testing/test-database.ts';
import { settingRoutes } from './routes.ts';
import { createSettingsDesk } from './settings-desk.ts';

const description = { en: 'For a test', ru: 'Для проверки' };
const delay = defineSetting({
  key: 'trial.delay_ms',
  schema: z.int().min(100).max(5_000),
  fallback: 400,
  unit: 'ms',
  description,
});
const engines = defineSetting({
  key: 'trial.engines',
  schema: z.array(z.enum(['local', 'other', 'keyless'])).max(2),
  fallback: [] as ('local' | 'other' | 'keyless')[],
  description,
});
const longest = defineSetting({
  key: 'trial.longest_ms',
  schema: z.int().min(100).max(5_000),
  fallback: 2_000,
  unit: 'ms',
  description: { en: 'The longest', ru: 'Самое долгое' },
});
const settings = [delay, engines, longest];
const orders = [{ lower: delay.key, upper: longest.key }];

interface Answered {
  readonly key: string;
  readonly value: unknown;
  readonly is_default: boolean;
  readonly valid: boolean;
  readonly version: string | null;
  readonly changed_by: string | null;
  readonly shape: Readonly<Record<string, unknown>>;
}

describe('the settings over HTTP', () => {
  const ends: (() => unknown)[] = [];
  const t = { after: (end: () => unknown) => void ends.push(end) };
  let knex: Knex;
  let ask: Ask;
  let admin: { readonly userId: string; readonly token: string };
  let support = '';
  let analyst = '';

  before(async () => {
    ({ knex } = await createTestDatabase(t));
    const badges = handOutBadges(knex);
    const offered = [
      { name: 'local', configured: true, needs: null },
      { name: 'keyless', configured: false, needs: 'SOME_API_KEY' },
    ];
    const routes = settingRoutes({ desk: createSettingsDesk({ knex, settings, orders }), engines: offered });
    ask = await serveApi(t, { routes, authenticator: badges.authenticator });
    admin = await badges.hire('admin');
    ({ token: support } = await badges.hire('support'));
    ({ token: analyst } = await badges.hire('analyst'));
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  const read = async (key: string): Promise<Answered> => {
    const { body, text, status } = await ask('GET', '/api/admin/settings', { token: admin.token });
    assert.equal(status, 200, text);
    const found = (body['settings'] as Answered[]).find((setting) => setting.key === key);
    assert.ok(found);
    return found;
  };
  const put = (key: string, body: unknown): Promise<ApiAnswer> =>
    ask('PUT', `/api/admin/settings/${key}`, { token: admin.token, body });
  const audited = (): Promise<unknown[]> =>
    knex('audit_log').where('subject_type', 'setting').orderBy('id').select('action', 'subject_id', 'details', 'ip');

  it('show what each can be, and are changed, reset and remembered with who did it', async () => {
    const first = await read(delay.key);
    assert.deepEqual([first.value, first.is_default, first.version], [400, true, null]);
    assert.deepEqual(first.shape, { type: 'integer', minimum: 100, maximum: 5_000 });

    const changed = await put(delay.key, { value: 900, version: null });
    assert.equal(changed.status, 200, changed.text);
    const { email } = await knex('user_accounts').where('id', admin.userId).first('email');
    assert.deepEqual([changed.body['value'], changed.body['changed_by']], [900, email]);
    // Whoever reads it from now on has the new value.
    assert.equal(await readSetting(knex, delay), 900);

    const { version } = await read(delay.key);
    const reset = await ask('PUT', `/api/admin/settings/${delay.key}/default`, {
      token: admin.token,
      body: { version },
    });
    assert.deepEqual([reset.status, reset.body['value'], reset.body['is_default']], [200, 400, true]);
    assert.equal(await readSetting(knex, delay), 400);

    const history = await ask('GET', `/api/admin/settings/${delay.key}/history`, { token: admin.token });
    assert.deepEqual(
      (history.body['changes'] as { value: unknown; reset: boolean; changed_by: string }[]).map(
        ({ value, reset: gone, changed_by }) => [value, gone, changed_by],
      ),
      [
        [null, true, email],
        [900, false, email],
      ],
    );
    assert.deepEqual(await audited(), [
      { action: 'setting.change', subject_id: delay.key, details: { before: 400, after: 900 }, ip: '127.0.0.1' },
      { action: 'setting.reset', subject_id: delay.key, details: { before: 900, after: 400 }, ip: '127.0.0.1' },
    ]);
  });

  it('are not overwritten by one who saw an earlier value; of two at once one is refused', async () => {
    const { version } = await read(engines.key);
    const answers = await Promise.all([
      put(engines.key, { value: ['local'], version }),
      put(engines.key, { value: ['other'], version }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409],
    );
    const stale = await put(engines.key, { value: [], version });
    assert.deepEqual([stale.status, stale.body['code']], [409, 'setting_changed']);
    // The same value again is no change.
    const now = await read(engines.key);
    assert.equal((await put(engines.key, { value: now.value, version: now.version })).status, 200);
    assert.equal((await read(engines.key)).version, now.version);
    assert.equal((await audited()).length, 3);
  });

  it('refuse what they cannot be, and say why', async () => {
    const { version } = await read(delay.key);
    const why = async (key: string, value: unknown): Promise<unknown> => {
      const answer = await put(key, { value, version: key === delay.key ? version : (await read(key)).version });
      assert.deepEqual([answer.status, answer.body['code']], [400, 'setting_invalid']);
      const errors = answer.body['errors'] as { field: string; rule: string; bound?: number }[];
      return errors.map(({ field, rule, bound }) => [field, rule, bound]);
    };
    assert.deepEqual(await why(delay.key, 99), [['', 'least', 100]]);
    assert.deepEqual(await why(delay.key, 5_001), [['', 'most', 5_000]]);
    assert.deepEqual(await why(delay.key, 100.5), [['', 'whole', undefined]]);
    assert.deepEqual(await why(delay.key, 'soon'), [['', 'number', undefined]]);
    assert.deepEqual(await why(delay.key, null), [['', 'number', undefined]]);
    assert.deepEqual(await why(engines.key, ['local', 'nobody']), [['1', 'choice', undefined]]);
    assert.equal((await put('trial.unknown', { value: 1, version: null })).status, 404);
    assert.equal((await put(delay.key, { value: 200 })).status, 400);
    assert.equal((await read(delay.key)).version, version);
  });

  it('choose no engine that has no key, unless it was chosen before', async () => {
    const refused = await put(engines.key, { value: ['local', 'keyless'], version: (await read(engines.key)).version });
    assert.deepEqual([refused.status, refused.body['code']], [400, 'setting_invalid']);
    assert.deepEqual(refused.body['errors'], [
      { field: '', rule: 'choice', message: 'the engine keyless is not configured' },
    ]);
    await knex('settings').insert({ key: engines.key, value: '["keyless"]' }).onConflict('key').merge();
    const kept = await put(engines.key, { value: ['keyless', 'local'], version: (await read(engines.key)).version });
    assert.equal(kept.status, 200, kept.text);
    assert.equal((await put(`${engines.key}/default`, { version: (await read(engines.key)).version })).status, 200);
  });

  it('are held against each other, defaults too, and two editors at once get no further', async () => {
    const versionOf = async (key: string) => (await read(key)).version;
    const bare = await versionOf(delay.key);
    const above = await put(delay.key, { value: 2_001, version: bare });
    assert.deepEqual([above.status, above.body['code']], [400, 'setting_invalid']);
    const { description: words, key } = longest;
    assert.deepEqual((above.body['errors'] as object[])[0], {
      field: '',
      message: 'must be at most trial.longest_ms, which is 2000',
      rule: 'at_most',
      bound: 2_000,
      other: { key, description: words },
    });
    assert.equal((await put(delay.key, { value: 2_000, version: bare })).status, 200, 'the same is in order');
    const errors = (await put(key, { value: 1_999, version: null })).body['errors'] as { rule: string }[];
    assert.deepEqual(
      errors.map(({ rule }) => rule),
      ['at_least'],
    );

    assert.equal((await put(key, { value: 3_000, version: null })).status, 200);
    const [lower, upper] = [await versionOf(delay.key), await versionOf(key)];
    const both = await Promise.all([
      put(delay.key, { value: 2_900, version: lower }),
      put(key, { value: 2_500, version: upper }),
    ]);
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 400],
    );
    await put(key, { value: 4_000, version: await versionOf(key) });
    await put(delay.key, { value: 3_500, version: await versionOf(delay.key) });
    const back = await put(`${key}/default`, { version: await versionOf(key) });
    assert.deepEqual([back.status, back.body['code']], [400, 'setting_invalid']);
    assert.equal((await put(`${delay.key}/default`, { version: await versionOf(delay.key) })).status, 200);
    assert.equal((await put(`${key}/default`, { version: await versionOf(key) })).status, 200);
  });

  it('tell of a stored value that cannot be, and let it be mended', async () => {
    await knex('settings').insert({ key: delay.key, value: '"soon"' });
    const broken = await read(delay.key);
    assert.deepEqual([broken.value, broken.valid, broken.is_default], [400, false, false]);
    assert.equal((await put(delay.key, { value: 300, version: broken.version })).status, 200);
    assert.deepEqual([(await read(delay.key)).value, (await read(delay.key)).valid], [300, true]);
  });

  it('are for administrators alone', async () => {
    const { version } = await read(delay.key);
    for (const token of [support, analyst]) {
      const answers = await Promise.all([
        ask('GET', '/api/admin/settings', { token }),
        ask('GET', `/api/admin/settings/${delay.key}/history`, { token }),
        ask('PUT', `/api/admin/settings/${delay.key}`, { token, body: { value: 200, version } }),
        ask('PUT', `/api/admin/settings/${delay.key}/default`, { token, body: { version } }),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [403, 403, 403, 403],
      );
    }
    assert.equal((await read(delay.key)).value, 300);
  });
});
