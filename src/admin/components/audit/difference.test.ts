import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isOurWord, readDeed } from './difference.ts';

it('takes a deed apart: what changed from what to what, and the rest', () => {
  const details = {
    reason: 'a test',
    before: { role: 'student', blocked: false },
    after: { role: 'admin', blocked: false },
  };
  assert.deepEqual(readDeed(JSON.stringify(details)), {
    changes: [
      { name: 'role', before: 'student', after: 'admin', same: false },
      { name: 'blocked', before: 'false', after: 'false', same: true },
    ],
    others: [{ name: 'reason', value: 'a test' }],
  });
  assert.deepEqual(readDeed('{"before":400,"after":null}').changes, [
    { name: 'value', before: '400', after: '–', same: false },
  ]);
  assert.deepEqual(readDeed('{}'), { changes: [], others: [] });
  assert.deepEqual(readDeed('broken').others, [{ name: 'value', value: 'broken' }]);
});

it('leaves what people wrote as it is, though it looks like a word of ours', () => {
  const gift = readDeed('{"minutes":"5.00","reason":"abuse","after":{"name":"trial","role":"admin"}}');
  assert.deepEqual(
    [isOurWord(gift, 'reason', 'abuse'), isOurWord(gift, 'name', 'trial'), isOurWord(gift, 'role', 'admin')],
    [false, false, true],
  );
  assert.ok(isOurWord(readDeed('{"by":"staff","reason":"abuse"}'), 'reason', 'abuse'));
});
