import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { writeSetting } from '../platform/settings.ts';
import { serveApi } from '../testing/api.ts';
import { openBooks } from '../testing/books.ts';
import { handOutBadges } from '../testing/staff.ts';
import { leastDepositSetting, rateSetting, readReferralMinutes, referralSetting } from './billing-settings.ts';

async function open(t: TestContext) {
  const { knex, billing, learnerWith } = await openBooks(t);
  const badges = handOutBadges(knex);
  const ask = await serveApi(t, { routes: billing.routes, authenticator: badges.authenticator });
  const learner = badges.tokenOf(await learnerWith(0));
  const admin = await badges.hire('admin');
  return {
    knex,
    ask,
    badges,
    learner,
    admin,
    quote: (amount: unknown) => ask('POST', '/api/billing/quote', { token: learner, body: { amount_rub: amount } }),
    create: (body: unknown) => ask('POST', '/api/admin/billing/packages', { token: admin.token, body }),
    change: (id: unknown, body: unknown) =>
      ask('PUT', `/api/admin/billing/packages/${String(id)}`, { token: admin.token, body }),
  };
}

interface Offer {
  readonly id: string;
  readonly name: string;
  readonly min_amount_rub: number;
  readonly discount_percent: number;
}

describe('the packages', () => {
  it('are there from the beginning, the lowest minimum first', async (t) => {
    const { ask, learner } = await open(t);
    const { status, text } = await ask('GET', '/api/billing/packages', { token: learner });
    assert.equal(status, 200);
    const offers = (JSON.parse(text) as Offer[]).map(({ id, ...offer }) => {
      assert.match(id, /^[0-9a-f-]{36}$/);
      return offer;
    });
    assert.deepEqual(offers, [
      {
        name: 'Start',
        name_ru: 'Старт',
        min_amount_rub: 300,
        discount_percent: 0,
        minutes_at_minimum: 60,
        price_per_minute_rub: 5,
      },
      {
        name: 'Regular',
        name_ru: 'Постоянный',
        min_amount_rub: 1000,
        discount_percent: 10,
        minutes_at_minimum: 222.22,
        price_per_minute_rub: 4.5,
      },
      {
        name: 'Intensive',
        name_ru: 'Интенсив',
        min_amount_rub: 3000,
        discount_percent: 15,
        minutes_at_minimum: 705.88,
        price_per_minute_rub: 4.25,
      },
      {
        name: 'Marathon',
        name_ru: 'Марафон',
        min_amount_rub: 5000,
        discount_percent: 20,
        minutes_at_minimum: 1250,
        price_per_minute_rub: 4,
      },
    ]);
  });

  it('price what is paid', async (t) => {
    const { quote } = await open(t);
    const bought = async (amount: number): Promise<unknown> => {
      const { status, body } = await quote(amount);
      assert.equal(status, 200, JSON.stringify(body));
      return [body['minutes'], (body['package'] as Offer | null)?.name, body['price_per_minute_rub']];
    };
    assert.deepEqual(await bought(15), [3, undefined, 5]);
    assert.deepEqual(await bought(1000), [222.22, 'Regular', 4.5]);
    assert.deepEqual(await bought(999.99), [199.99, 'Start', 5]);
    assert.deepEqual(await bought(5000), [1250, 'Marathon', 4]);
  });

  for (const amount of [0, -5, 10.001, 1e21, '100', null, 990_000.01]) {
    it(`are not asked for ${JSON.stringify(amount)} roubles`, async (t) => {
      const { quote } = await open(t);
      assert.equal((await quote(amount)).body['code'], 'request_invalid');
    });
  }

  it('are asked for within the limits that the settings say', async (t) => {
    const { knex, quote, admin } = await open(t);
    assert.equal((await quote(9.99)).body['code'], 'amount_too_small');
    const large = await quote(100_000.01);
    assert.equal(large.body['code'], 'amount_too_large');
    assert.deepEqual([large.body['min_amount_rub'], large.body['max_amount_rub']], [10, 100_000]);
    await writeSetting(knex, leastDepositSetting, { value: 999, actorId: admin.userId });
    assert.equal((await quote(9.99)).status, 200);
  });

  it('follow the rate, whose earlier values stay', async (t) => {
    const { knex, quote, admin } = await open(t);
    for (const value of [1_000, 250]) await writeSetting(knex, rateSetting, { value, actorId: admin.userId });
    assert.equal((await quote(15)).body['minutes'], 6);
    const history = await knex('settings_history').orderBy('id').select('value', 'updated_by');
    assert.deepEqual(history, [
      { value: 1_000, updated_by: admin.userId },
      { value: 250, updated_by: admin.userId },
    ]);
    for (const value of [0, -1, 1.5, 'much', null, Number.NaN]) {
      await assert.rejects(writeSetting(knex, rateSetting, { value, actorId: admin.userId }), {
        code: 'setting_invalid',
      });
    }
    assert.equal((await quote(15)).body['minutes'], 6);
    assert.equal(await readReferralMinutes(knex), 6_000);
    await writeSetting(knex, referralSetting, { value: 30, actorId: admin.userId });
    assert.equal(await readReferralMinutes(knex), 3_000);
  });
});

describe('staff', () => {
  it('make and change packages, on record', async (t) => {
    const { knex, ask, create, change, quote, admin } = await open(t);
    const made = await create({ name: '  Year ', min_amount_rub: 20_000, discount_percent: 25.5 });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(
      [made.body['name'], made.body['discount_percent'], made.body['minutes_at_minimum'], made.body['is_active']],
      ['Year', 25.5, 5369.12, true],
    );
    assert.equal((await quote(20_000)).body['minutes'], 5369.12);
    const changed = await change(made.body['id'], { is_active: false });
    assert.equal(changed.body['is_active'], false);
    assert.deepEqual([changed.body['name'], changed.body['name_ru']], ['Year', null]);
    const named = async (nameRu: unknown) => (await change(made.body['id'], { name_ru: nameRu })).body;
    assert.equal((await named(' Год '))['name_ru'], 'Год');
    assert.equal((await named(''))['code'], 'request_invalid');
    assert.equal((await named(null))['name_ru'], null);
    assert.equal((await quote(20_000)).body['minutes'], 5000);
    const all = await ask('GET', '/api/admin/billing/packages', { token: admin.token });
    assert.equal((JSON.parse(all.text) as Offer[]).length, 5);
    const log = await knex('audit_log').orderBy('id').select('actor_id', 'action', 'subject_id');
    assert.deepEqual(
      log.map(({ action }: { action: string }) => action),
      ['billing_package.create', ...Array.from({ length: 3 }, () => 'billing_package.update')],
    );
  });

  it('are refused a minimum that is taken, but not by one that is off', async (t) => {
    const { create, change } = await open(t);
    const twin = { name: 'Twin', min_amount_rub: 1000, discount_percent: 10 };
    const refused = await create(twin);
    assert.deepEqual([refused.status, refused.body['code']], [409, 'package_minimum_taken']);
    const kept = await create({ ...twin, is_active: false });
    assert.equal(kept.status, 201);
    assert.equal((await change(kept.body['id'], { is_active: true })).body['code'], 'package_minimum_taken');
  });

  it('are refused what makes a larger payment buy less, with both amounts', async (t) => {
    const { create, change, ask, learner } = await open(t);
    const refused = await create({ name: 'Worse', min_amount_rub: 2000, discount_percent: 5 });
    assert.deepEqual([refused.status, refused.body['code']], [409, 'package_not_monotonic']);
    assert.deepEqual(refused.body['smaller'], { amount_rub: 1999.99, minutes: 444.44, package: 'Regular' });
    assert.deepEqual(refused.body['larger'], { amount_rub: 2000, minutes: 421.05, package: 'Worse' });
    // What is better than the next one is refused as well.
    assert.equal(
      (await create({ name: 'Better', min_amount_rub: 2000, discount_percent: 16 })).body['code'],
      'package_not_monotonic',
    );
    const { text } = await ask('GET', '/api/billing/packages', { token: learner });
    const marathon = (JSON.parse(text) as Offer[]).at(-1);
    assert.equal((await change(marathon?.id, { discount_percent: 3 })).body['code'], 'package_not_monotonic');
    assert.equal((await ask('GET', '/api/billing/packages', { token: learner })).text, text, 'nothing was saved');
  });

  it('cannot save two at once that contradict each other', async (t) => {
    const { create } = await open(t);
    const outcomes = await Promise.all([
      create({ name: 'Ten', min_amount_rub: 10_000, discount_percent: 40 }),
      create({ name: 'Twenty', min_amount_rub: 20_000, discount_percent: 30 }),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status).toSorted((one, other) => one - other),
      [201, 409],
    );
  });

  it('are told what a package cannot be', async (t) => {
    const { create, change } = await open(t);
    const right = { name: 'Right', min_amount_rub: 7000, discount_percent: 20 };
    for (const wrong of [
      { discount_percent: 100 },
      { discount_percent: -1 },
      { discount_percent: 12.345 },
      { min_amount_rub: 0 },
      { min_amount_rub: 0.001 },
      { name: ' ' },
      { name: 'x'.repeat(81) },
      { name: 'a\u0000b' },
      { owner: 'me' },
    ]) {
      assert.equal((await create({ ...right, ...wrong })).body['code'], 'request_invalid', JSON.stringify(wrong));
    }
    const largest = await create({ ...right, discount_percent: 99.99 });
    assert.deepEqual([largest.status, largest.body['minutes_at_minimum']], [201, 14_000_000]);
    const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
    assert.equal((await change(nobody, { name: 'Nobody' })).body['code'], 'package_not_found');
  });

  it('need the role for it', async (t) => {
    const { ask, badges, learner } = await open(t);
    const body = { name: 'Mine', min_amount_rub: 7000, discount_percent: 20 };
    const support = await badges.hire('support');
    const analyst = await badges.hire('analyst');
    for (const token of [learner, support.token, analyst.token]) {
      assert.equal((await ask('POST', '/api/admin/billing/packages', { token, body })).status, 403);
    }
    assert.equal((await ask('GET', '/api/admin/billing/packages', { token: analyst.token })).status, 200);
    assert.equal((await ask('GET', '/api/admin/billing/packages', { token: learner })).status, 403);
    assert.equal((await ask('GET', '/api/billing/packages')).status, 401);
  });
});
