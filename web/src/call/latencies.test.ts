import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { barsOf, putLatency } from './latencies.ts';

describe('latencies', () => {
  test('what comes later of a turn joins what was known of it', () => {
    const known = putLatency([{ turn: 1, reply_ms: 400 }], { turn: 3, reply_ms: 500 });
    assert.deepEqual(putLatency(known, { turn: 1, stop_ms: 200 }), [
      { turn: 1, reply_ms: 400, stop_ms: 200 },
      { turn: 3, reply_ms: 500 },
    ]);
  });

  test('the last twenty are kept', () => {
    const all = Array.from({ length: 30 }, (_, turn) => ({ turn }));
    const kept = all.reduce<ReturnType<typeof putLatency>>(putLatency, []);
    assert.deepEqual([kept.length, kept[0]?.turn, kept.at(-1)?.turn], [20, 10, 29]);
  });

  test('each stage lasts from the one before it', () => {
    const bars = barsOf({ turn: 1, final_transcript_ms: 150, endpoint_ms: 400, first_token_ms: 600, reply_ms: 700 });
    assert.deepEqual(
      bars.map(({ stage, fromMs, toMs }) => [stage, fromMs, toMs]),
      [
        ['final_transcript', 0, 150],
        ['endpoint', 150, 400],
        ['first_token', 400, 600],
        ['reply', 600, 700],
      ],
    );
  });

  test('a guess has its first word before the end of the turn', () => {
    const bars = barsOf({ turn: 1, endpoint_ms: 400, first_token_ms: 200, reply_ms: 410 });
    assert.deepEqual(
      bars.map(({ stage }) => stage),
      ['first_token', 'endpoint', 'reply'],
    );
    assert.deepEqual(barsOf({ turn: 1, stop_ms: 200 }), []);
  });
});
