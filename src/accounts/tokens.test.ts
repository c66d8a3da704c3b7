import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignJWT, UnsecuredJWT } from 'jose';
import { FakeClock } from '../testing/fake-clock.ts';
import { Tokens } from './tokens.ts';

const secret = 'a secret of at least thirty-two bytes';
const userId = '01890a5d-ac96-774b-bcce-b302099a8057';
const callId = '01890a5d-ac96-774b-bcce-b302099a8058';
const call = { userId, tokenVersion: 3, callId, nodeId: 'media-0' };

describe('tokens', () => {
  it('give back what was put in', async () => {
    const tokens = new Tokens({ secret, clock: new FakeClock() });
    assert.deepEqual(await tokens.readApi(await tokens.issueApi({ userId, tokenVersion: 3 })), {
      userId,
      tokenVersion: 3,
    });
    assert.deepEqual(await tokens.readCall(await tokens.issueCall(call)), call);
  });

  it('serve one purpose', async () => {
    const tokens = new Tokens({ secret, clock: new FakeClock() });
    const api = await tokens.issueApi({ userId, tokenVersion: 1 });
    await assert.rejects(tokens.readCall(api), { code: 'token_invalid' });
    await assert.rejects(tokens.readApi(await tokens.issueCall(call)), { code: 'token_invalid' });
  });

  it('expire', async () => {
    const clock = new FakeClock();
    const tokens = new Tokens({ secret, clock });
    const token = await tokens.issueApi({ userId, tokenVersion: 1 });
    await clock.advance(7 * 24 * 3600 * 1000 - 1000);
    await tokens.readApi(token);
    await clock.advance(1000);
    await assert.rejects(tokens.readApi(token), { code: 'token_expired', kind: 'unauthenticated' });
  });

  it('are refused when somebody else made or changed them', async () => {
    const clock = new FakeClock();
    const tokens = new Tokens({ secret, clock });
    const stranger = new Tokens({ secret: 'another secret of thirty-two bytes!', clock });
    const good = await tokens.issueApi({ userId, tokenVersion: 1 });
    const [header, , signature] = good.split('.');
    const other = Buffer.from(JSON.stringify({ sub: callId, version: 1, aud: 'api', iss: 'ailingva' }));
    const unsigned = new UnsecuredJWT({ version: 1 })
      .setSubject(userId)
      .setAudience('api')
      .setIssuer('ailingva')
      .encode();
    const forever = await new SignJWT({ version: 1 })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(userId)
      .setAudience('api')
      .setIssuer('ailingva')
      .sign(new TextEncoder().encode(secret));
    for (const token of [
      '',
      'abc',
      await stranger.issueApi({ userId, tokenVersion: 1 }),
      `${header}.${other.toString('base64url')}.${signature}`,
      unsigned,
      forever,
    ]) {
      await assert.rejects(tokens.readApi(token), { code: 'token_invalid' });
    }
  });

  it('need a secret of 32 bytes', () => {
    assert.throws(() => new Tokens({ secret: 'short', clock: new FakeClock() }), RangeError);
  });
});
