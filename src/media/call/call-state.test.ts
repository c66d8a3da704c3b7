import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../../testing/properties.ts';
import { advanceCall, type CallState, type CallStateEvent, startCall, talkedMs } from './call-state.ts';

const deadlines = { connectMs: 30_000, reconnectMs: 30_000 };
const start = (already = 0) => startCall({ atMs: 0, talkedMs: already, deadlines });

function run(events: readonly CallStateEvent[], state: CallState = start()) {
  const effects: string[] = [];
  for (const event of events) {
    const step = advanceCall(state, event, deadlines);
    state = step.state;
    effects.push(...step.effects.map((effect) => `${event.atMs} ${effect.type}`));
  }
  return { state, effects };
}

describe('call state', () => {
  it('counts only the time with media', () => {
    const { state, effects } = run([
      { type: 'media_connected', atMs: 1_000 },
      { type: 'media_lost', atMs: 11_000 },
      { type: 'media_connected', atMs: 20_000 },
      { type: 'end', reason: 'hang_up', atMs: 25_500.7 },
    ]);
    assert.deepEqual(state, { status: 'ended', reason: 'hang_up', talkedMs: 15_500 });
    assert.deepEqual(effects, ['1000 go_live', '11000 suspend', '20000 go_live', '25500.7 finish']);
  });

  it('is never connected when no media came in time', () => {
    const { state } = run([{ type: 'time_passed', atMs: 30_000 }]);
    assert.deepEqual(state, { status: 'ended', reason: 'never_connected', talkedMs: 0 });
  });

  it('loses the connection when it does not come back in time, at the talk time of the loss', () => {
    const { state } = run([
      { type: 'media_connected', atMs: 0 },
      { type: 'media_lost', atMs: 8_000 },
      { type: 'time_passed', atMs: 37_999 },
      { type: 'time_passed', atMs: 38_000 },
    ]);
    assert.deepEqual(state, { status: 'ended', reason: 'connection_lost', talkedMs: 8_000 });
  });

  it('goes on from the talk time that it had elsewhere', () => {
    const { state } = run(
      [
        { type: 'media_connected', atMs: 500 },
        { type: 'end', reason: 'hang_up', atMs: 1_500 },
      ],
      start(60_000),
    );
    assert.equal(state.talkedMs, 61_000);
  });

  it('ends once, and never takes talk time back, whatever comes', () => {
    const event = fc.record({
      gapMs: fc.integer({ min: 0, max: 40_000 }),
      type: fc.constantFrom('media_connected', 'media_lost', 'end', 'time_passed'),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (steps) => {
        let state = start();
        let nowMs = 0;
        let finishes = 0;
        let talked = 0;
        for (const { gapMs, type } of steps) {
          nowMs += gapMs;
          const step = advanceCall(state, { type, atMs: nowMs, reason: 'hang_up' }, deadlines);
          state = step.state;
          finishes += step.effects.filter((effect) => effect.type === 'finish').length;
          assert.ok(talkedMs(state, nowMs) >= talked);
          talked = talkedMs(state, nowMs);
        }
        assert.equal(finishes, state.status === 'ended' ? 1 : 0);
      }),
    );
  });
});
