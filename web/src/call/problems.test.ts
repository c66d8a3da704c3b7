import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeConnection } from './connection-quality.ts';
import type { LinkSample } from './connection-quality.ts';
import { browserFamily, microphoneProblem, problemOfCode } from './problems.ts';
import { loadSavedCall, saveCall } from './saved-call.ts';

const problem = (name: string): string => microphoneProblem(Object.assign(new Error(name), { name }));

test('what getUserMedia throws becomes something the learner can act on', () => {
  assert.equal(problem('NotAllowedError'), 'microphone_denied');
  assert.equal(problem('NotFoundError'), 'microphone_missing');
  assert.equal(problem('NotReadableError'), 'microphone_busy');
  assert.equal(problem('TypeError'), 'microphone_failed');
  assert.equal(microphoneProblem('a string'), 'microphone_failed');
});

test('a bad token is the learner’s over HTTP and the call’s over signaling', () => {
  assert.equal(problemOfCode('token_invalid', 401), 'signed_out');
  assert.equal(problemOfCode('token_invalid'), 'call_gone');
});

test('an unknown code falls back on its HTTP status', () => {
  assert.equal(problemOfCode('no_minutes', 402), 'no_minutes');
  assert.equal(problemOfCode('something_new', 402), 'no_minutes');
  assert.equal(problemOfCode('something_new', 429), 'rate_limited');
  assert.equal(problemOfCode('database_unavailable', 503), 'server');
  assert.equal(problemOfCode('something_new'), 'server');
});

test('browsers are told apart only as far as the permission’s switch differs', () => {
  const chrome = 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  const iphone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1';
  const safari = 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';
  assert.equal(browserFamily(chrome), 'chrome');
  assert.equal(browserFamily(iphone), 'safari_ios');
  assert.equal(browserFamily(safari), 'safari');
  assert.equal(browserFamily('Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0'), 'firefox');
  assert.equal(browserFamily('Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36'), 'android');
});

const sample = (overrides: Partial<LinkSample>): LinkSample => ({
  roundTripMs: 40,
  lostThere: 0,
  received: 100,
  lost: 0,
  jitterMs: 5,
  ...overrides,
});

test('the connection is judged by what happened since the last sample, not by the whole call', () => {
  const early = sample({ received: 1000, lost: 200 });
  assert.equal(judgeConnection(early, sample({ received: 1100, lost: 200 })), 'good');
  assert.equal(judgeConnection(early, sample({ received: 1090, lost: 215 })), 'poor');
});

test('loss towards the tutor, delay and jitter each spoil it', () => {
  assert.equal(judgeConnection(undefined, sample({})), 'good');
  assert.equal(judgeConnection(undefined, sample({ lostThere: 0.05 })), 'fair');
  assert.equal(judgeConnection(undefined, sample({ roundTripMs: 700 })), 'poor');
  assert.equal(judgeConnection(undefined, sample({ jitterMs: 60 })), 'fair');
  assert.equal(judgeConnection(undefined, sample({ roundTripMs: undefined, received: 0 })), 'unknown');
});

test('a call is entered again only within the time that it waits', () => {
  let kept: string | undefined;
  const storage = {
    read: () => kept,
    write: (_key: string, value: string | undefined) => {
      kept = value;
    },
  };
  const call = { callId: 'c', token: 't', path: '/rtc/m/socket.io', muted: true };
  saveCall(storage, call, 1_000_000);
  assert.deepEqual(loadSavedCall(storage, 1_029_000), call);
  assert.equal(loadSavedCall(storage, 1_031_000), undefined);
  kept = '{"callId":1';
  assert.equal(loadSavedCall(storage, 1_000_000), undefined);
  saveCall(storage, undefined, 0);
  assert.equal(kept, undefined);
});
