import assert from 'node:assert/strict';
import { test } from 'node:test';

import { settlePromises } from '../../testing/fake-clock.ts';
import { Turnstile } from './turnstile.ts';

const never = new AbortController().signal;

test('lets so many in, and the next in order as places are left', async () => {
  const turnstile = new Turnstile(2);
  const leaveFirst = await turnstile.enter(never);
  await turnstile.enter(never);
  const entered: string[] = [];
  for (const name of ['a', 'b']) void turnstile.enter(never).then(() => entered.push(name));
  await settlePromises();
  assert.deepEqual(entered, []);
  leaveFirst?.();
  leaveFirst?.();
  await settlePromises();
  assert.deepEqual(entered, ['a']);
});

test('who is aborted while waiting takes no place', async () => {
  const turnstile = new Turnstile(1);
  const leave = await turnstile.enter(never);
  const abort = new AbortController();
  const waiting = turnstile.enter(abort.signal);
  const behind = turnstile.enter(never);
  abort.abort();
  assert.equal(await waiting, undefined);
  leave?.();
  assert.ok(await behind);
  assert.equal(await turnstile.enter(AbortSignal.abort()), undefined);
});

test('who is admitted and aborted in one breath has a place to leave', async () => {
  const turnstile = new Turnstile(1);
  const leave = await turnstile.enter(never);
  const abort = new AbortController();
  const waiting = turnstile.enter(abort.signal);
  leave?.();
  abort.abort();
  const leaveSecond = await waiting;
  assert.ok(leaveSecond);
  leaveSecond();
  assert.ok(await turnstile.enter(never));
});
