import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOf, readRoute } from './router.ts';

test('every address leads to its screen and back', () => {
  for (const path of [
    '/',
    '/calls',
    '/account',
    '/delete-account',
    '/top-up',
    '/settings',
    '/sign-in',
    '/register',
    '/calls/a%2Fb',
    '/deposit/a%2Fb',
    '/confirm?token=a%26b',
    '/forgot-password',
    '/reset-password?token=a%26b',
  ]) {
    const [pathname = '', search] = path.split('?');
    assert.equal(pathOf(readRoute(pathname, search)), path);
  }
  assert.deepEqual(readRoute('/calls/a%2Fb'), { screen: 'call-detail', callId: 'a/b' });
});

test('an address that is none says so instead of breaking', () => {
  for (const path of [
    '/nowhere',
    '/calls/a/b',
    '/account/x',
    '/deposit',
    '/deposit/a/b',
    '/confirm/x',
    '/calls/%E0%A4%A',
  ]) {
    assert.deepEqual(readRoute(path), { screen: 'not-found' });
  }
});
