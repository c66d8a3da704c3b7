import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { User } from '../api/types.ts';
import { createProfileKeeper } from './profile-keeper.ts';
import type { ProfileChanges } from './profile-keeper.ts';
import { createSession } from './session.ts';

const anna = { id: 'anna', name: 'Anna', language: 'en', level: 'beginner' } as User;
const boris = { id: 'boris', name: 'Boris', language: 'en', level: 'beginner' } as User;

/** Every request is answered by hand. */
function scene() {
  const session = createSession({ read: () => undefined, write: () => undefined });
  session.enter({ token: 't', user: anna });
  const asked: (PromiseWithResolvers<User> & { readonly changes: ProfileChanges })[] = [];
  const keep = createProfileKeeper(
    {
      updateMe: (changes) => {
        const answer = { ...Promise.withResolvers<User>(), changes };
        asked.push(answer);
        return answer.promise;
      },
    },
    session,
  );
  const shown = () => {
    const now = session.session.read();
    assert.equal(now.status, 'signed_in');
    return now.user;
  };
  return { session, asked, keep, shown };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('changes are shown at once and sent one after another', async () => {
  const { asked, keep, shown } = scene();
  const first = keep({ level: 'advanced' });
  const second = keep({ level: 'intermediate' });
  assert.equal(shown().level, 'intermediate');
  await turn();
  assert.equal(asked.length, 1);
  asked[0]!.resolve({ ...anna, level: 'advanced' });
  await first;
  assert.equal(shown().level, 'intermediate', 'an earlier answer knows nothing of a later choice');
  await turn();
  assert.deepEqual(asked[1]?.changes, { level: 'intermediate' });
  asked[1].resolve({ ...anna, level: 'intermediate' });
  await second;
  assert.equal(shown().level, 'intermediate');
});

test('what could not be kept is taken back, and nothing else', async () => {
  const { asked, keep, shown } = scene();
  const first = keep({ level: 'advanced' });
  const second = keep({ language: 'ru' });
  await turn();
  asked[0]!.reject(new Error('refused'));
  await assert.rejects(first);
  assert.deepEqual([shown().level, shown().language], ['beginner', 'ru']);
  await turn();
  asked[1]!.reject(new Error('refused'));
  await assert.rejects(second);
  assert.deepEqual(shown(), anna);
});

test('the choice after one that was kept falls back to that one', async () => {
  const { asked, keep, shown } = scene();
  const first = keep({ level: 'advanced' });
  const second = keep({ level: 'intermediate' });
  await turn();
  asked[0]!.resolve({ ...anna, level: 'advanced' });
  await first;
  await turn();
  asked[1]!.reject(new Error('refused'));
  await assert.rejects(second);
  assert.equal(shown().level, 'advanced');
});

test('whoever signs in meanwhile is neither shown nor sent what another chose', async () => {
  const { session, asked, keep, shown } = scene();
  const first = keep({ level: 'advanced' });
  const second = keep({ language: 'ru' });
  await turn();
  session.leave();
  session.enter({ token: 'u', user: boris });
  asked[0]!.resolve({ ...anna, level: 'advanced' });
  await Promise.all([first, second]);
  assert.equal(shown(), boris);
  assert.equal(asked.length, 1);
  session.setUser(anna);
  assert.equal(shown(), boris);
});
