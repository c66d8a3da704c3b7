import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOf, readRoute } from './router.ts';

test('every address leads to its screen and back', () => {
  for (const path of ['/', '/calls', '/account', '/settings', '/sign-in', '/register', '/calls/a%2Fb']) {
    assert.equal(pathOf(readRoute(path)), path);
  }
  assert.deepEqual(readRoute('/calls/a%2Fb'), { screen: 'call-detail', callId: 'a/b' });
});

test('an address that is none says so instead of breaking', () => {
  for (const path of ['/nowhere', '/calls/a/b', '/account/x', '/calls/%E0%A4%A']) {
    assert.deepEqual(readRoute(path), { screen: 'not-found' });
  }
});
