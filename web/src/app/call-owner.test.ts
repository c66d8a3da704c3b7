import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { User } from '../api/types.ts';
import type { CallState } from '../call/call-state.ts';
import { keepCallToItsLearner } from './call-owner.ts';
import type { Session } from './session.ts';
import { createStore } from './value-store.ts';

const over: CallState = { status: 'over', callId: 'call-1', reason: 'hang_up', talkedMs: 1, captions: [] };
const signedIn = (id: string): Session => ({ status: 'signed_in', user: { id } as User });

function scene(state: CallState) {
  const session = createStore<Session>({ status: 'loading' });
  const call = createStore<CallState>(state);
  keepCallToItsLearner(session, { state: call, reset: () => call.write({ status: 'idle' }) });
  return { session, call };
}

test('the learner who signed in again finds their call as they left it', () => {
  const { session, call } = scene(over);
  session.write(signedIn('anna'));
  session.write({ status: 'expired', email: undefined });
  session.write(signedIn('anna'));
  assert.equal(call.read(), over);
});

test('whoever signs in after another learner does not see their call', () => {
  const { session, call } = scene(over);
  session.write(signedIn('anna'));
  session.write({ status: 'expired', email: undefined });
  session.write(signedIn('boris'));
  assert.equal(call.read().status, 'idle');
});

test('signing out leaves no call behind', () => {
  const { session, call } = scene(over);
  session.write(signedIn('anna'));
  session.write({ status: 'signed_out' });
  assert.equal(call.read().status, 'idle');
});

test('who was sent to sign in again is not told so any more once they have', () => {
  const { session, call } = scene({ status: 'failed', problem: 'signed_out', callId: undefined });
  session.write(signedIn('anna'));
  assert.equal(call.read().status, 'idle');
});
