import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTestDatabase } from '../testing/test-database.ts';
import { AttemptLimits, placeOf, type AttemptLimitsConfig } from './attempt-limits.ts';

const few: AttemptLimitsConfig = {
  loginPerPlaceAndEmail: { attempts: 3, withinSec: 60 },
  loginPerPlace: { attempts: 5, withinSec: 60 },
  registrationPerPlace: { attempts: 2, withinSec: 60 },
  confirmationPerUser: { attempts: 2, withinSec: 60 },
  passwordRequestPerEmail: { attempts: 2, withinSec: 60 },
  passwordRequestPerPlace: { attempts: 3, withinSec: 60 },
};

describe('attempt limits', () => {
  it('count one address from one place, across processes', async (t) => {
    const { knex } = await createTestDatabase(t);
    const one = new AttemptLimits(knex, few);
    const other = new AttemptLimits(knex, few);
    await one.countLogin('192.0.2.1', 'ann@example.com');
    await other.countLogin('192.0.2.1', 'ann@example.com');
    await one.countLogin('192.0.2.1', 'ann@example.com');
    await assert.rejects(other.countLogin('192.0.2.1', 'ann@example.com'), (error: unknown) => {
      const { code, kind, details } = error as { code: string; kind: string; details: Record<string, number> };
      assert.equal(code, 'too_many_logins');
      assert.equal(kind, 'too_many');
      assert.ok(details['retry_after_seconds']! > 0 && details['retry_after_seconds']! <= 60);
      return true;
    });
    await one.countLogin('192.0.2.2', 'ann@example.com');
  });

  it('count one place, whatever addresses it tries', async (t) => {
    const { knex } = await createTestDatabase(t);
    const limits = new AttemptLimits(knex, few);
    for (let n = 0; n < 5; n += 1) await limits.countLogin('192.0.2.1', `learner${n}@example.com`);
    await assert.rejects(limits.countLogin('192.0.2.1', 'new@example.com'), { code: 'too_many_logins' });
  });

  it('give a successful attempt back', async (t) => {
    const { knex } = await createTestDatabase(t);
    const limits = new AttemptLimits(knex, few);
    for (let n = 0; n < 10; n += 1) {
      const attempt = await limits.countLogin('192.0.2.1', 'ann@example.com');
      await attempt.giveBack();
    }
  });

  it('let no more through when attempts come at once', async (t) => {
    const { knex } = await createTestDatabase(t);
    const limits = new AttemptLimits(knex, few);
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => limits.countLogin('192.0.2.1', 'ann@example.com')),
    );
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 3);
  });

  it('count registrations, and keep no address in clear', async (t) => {
    const { knex } = await createTestDatabase(t);
    const limits = new AttemptLimits(knex, few);
    await limits.countRegistration('2001:db8:1:2:3::1');
    await limits.countRegistration('2001:db8:1:2:ffff::2');
    await assert.rejects(limits.countRegistration('2001:db8:1:2::3'), { code: 'too_many_registrations' });
    await limits.countRegistration('2001:db8:1:3::1');
    await limits.countLogin('192.0.2.1', 'ann@example.com');
    const keys: { key: string }[] = await knex('rate_limits').select('key');
    assert.ok(keys.every(({ key }) => !key.includes('ann')));
  });
});

describe('the place of an address', () => {
  for (const [ip, place] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0:0:1::2', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['1:2:3::192.0.2.1', '1:2:3:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ] as const) {
    it(`of "${ip}" is "${place}"`, () => assert.equal(placeOf(ip), place));
  }
});
