import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkPassword } from './password-policy.ts';

describe('password policy', () => {
  for (const password of ['correct horse', 'ten chars!', 'ключ от дома', '🐎🔋🐎🔋🐎🔋🐎🔋🐎🔋', 'x1'.repeat(100)]) {
    it(`allows "${password.slice(0, 20)}"`, () => checkPassword(password, 'ann@example.com'));
  }

  for (const [password, code] of [
    ['', 'password_too_short'],
    ['ninechars', 'password_too_short'],
    ['🐎🔋🐎🔋🐎', 'password_too_short'],
    ['xy'.repeat(101), 'password_too_long'],
    ['1234567890', 'password_too_common'],
    ['QwertyUiop', 'password_too_common'],
    ['zzzzzzzzzzzz', 'password_too_common'],
    ['Ann@Example.com', 'password_too_common'],
  ] as const) {
    it(`refuses "${password.slice(0, 20)}" as ${code}`, () => {
      assert.throws(() => checkPassword(password, 'ann@example.com'), { code });
    });
  }

  it('refuses the name part of the address', () => {
    assert.throws(() => checkPassword('annabelle.lee', 'annabelle.lee@example.com'), { code: 'password_too_common' });
  });
});
