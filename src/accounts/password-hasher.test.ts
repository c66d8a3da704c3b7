import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PasswordHasher } from './password-hasher.ts';

const cheap = { logN: 10, r: 8, p: 1 };

describe('password hasher', () => {
  it('accepts the password that was hashed and no other', async () => {
    const hasher = new PasswordHasher({ cost: cheap });
    const stored = await hasher.hash('correct horse battery');
    assert.equal(await hasher.verify('correct horse battery', stored), true);
    assert.equal(await hasher.verify('correct horse batterz', stored), false);
    assert.equal(await hasher.verify('', stored), false);
  });

  it('salts: the same password twice gives two hashes', async () => {
    const hasher = new PasswordHasher({ cost: cheap });
    assert.notEqual(await hasher.hash('correct horse battery'), await hasher.hash('correct horse battery'));
  });

  it('takes a password for the same however its characters are composed', async () => {
    const hasher = new PasswordHasher({ cost: cheap });
    const stored = await hasher.hash('caf\u00e9 au lait');
    assert.equal(await hasher.verify('cafe\u0301 au lait', stored), true);
  });

  it('says no where there is no account, after making a hash', async () => {
    const hasher = new PasswordHasher({ cost: cheap });
    assert.equal(await hasher.verify('correct horse battery', undefined), false);
  });

  it('hashes with the parameters that OWASP asks for, and checks them by what stands in the hash', async () => {
    const stored = await new PasswordHasher().hash('correct horse battery');
    assert.match(stored, /^\$scrypt\$ln=15,r=8,p=3\$/);
    const cheaper = new PasswordHasher({ cost: cheap });
    assert.equal(await cheaper.verify('correct horse battery', stored), true);
    assert.equal(cheaper.isOutdated(stored), true);
    assert.equal(new PasswordHasher().isOutdated(stored), false);
  });

  it('refuses more than may wait, and goes on afterwards', async () => {
    const hasher = new PasswordHasher({ cost: cheap, concurrency: 1, queueLimit: 2 });
    const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => hasher.hash('correct horse battery')));
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 3);
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') assert.equal((attempt.reason as { code: string }).code, 'sign_in_busy');
    }
    assert.match(await hasher.hash('correct horse battery'), /^\$scrypt\$/);
  });

  it('breaks on a stored hash that is none', async () => {
    await assert.rejects(new PasswordHasher({ cost: cheap }).verify('x', '$argon2id$v=19$whatever'));
  });
});
