import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JoinAnswer } from '../../../src/media/protocol.ts';
import { readTime, shownPhase } from './call-state.ts';
import type { CallState, LiveCall } from './call-state.ts';
import { stepCall } from './call-step.ts';
import type { CallEffect, CallEvent } from './call-step.ts';

const transport = { id: 't', ice_parameters: {}, ice_candidates: [], dtls_parameters: {} };

function joinAnswer(overrides: Partial<JoinAnswer> = {}): JoinAnswer {
  return {
    call_id: 'call-1',
    resumed: false,
    router_rtp_capabilities: {},
    ice_servers: [],
    transports: { send: transport, receive: transport },
    language: 'en',
    engines: { stt: 'a', tutor: 'b', tts: 'c' },
    captions: [],
    talked_ms: 0,
    left_ms: 600_000,
    recording: false,
    ...overrides,
  };
}

const joined = (overrides: Partial<JoinAnswer> = {}, atMs = 0): CallEvent => ({
  type: 'joined',
  answer: joinAnswer(overrides),
  muted: false,
  prefersSocket: false,
  atMs,
});

function play(
  events: readonly CallEvent[],
  from: CallState = { status: 'idle' },
): { state: CallState; effects: CallEffect[] } {
  let state = from;
  const effects: CallEffect[] = [];
  for (const event of events) {
    const step = stepCall(state, event);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

function live(events: readonly CallEvent[] = []): LiveCall {
  const { state } = play([
    { type: 'start', resuming: false },
    joined(),
    { type: 'media', link: 'up', atMs: 1000 },
    ...events,
  ]);
  assert.ok(state.status === 'live');
  return state;
}

const warn = (left_ms: number, warn_minutes: 1 | 2 | null): CallEvent => ({
  type: 'minutes',
  minutes: { talked_ms: 0, left_ms, warn_minutes },
  atMs: 2000,
});
const notice = (code: string): CallEvent => ({ type: 'notice', notice: { code, message: code } });
const types = (effects: readonly CallEffect[]): string[] => effects.map(({ type }) => type);

describe('beginning', () => {
  test('says that it is recorded when the server does, also to a page that comes back', () => {
    assert.equal(live().recording, false);
    const recorded = live([{ type: 'recording', on: true }]);
    assert.equal(recorded.recording, true);
    const [back, broken] = [joined({ recording: true, resumed: true }), { type: 'recording', on: false } as const];
    assert.equal((play([back], recorded).state as LiveCall).recording, true);
    assert.equal((play([back, broken], recorded).state as LiveCall).recording, false);
    assert.equal((play([joined({ resumed: true })], recorded).state as LiveCall).recording, false);
  });

  test('a joined call counts down to giving up until its media is connected', () => {
    const { state, effects } = play([
      { type: 'start', resuming: false },
      { type: 'microphone_ready' },
      joined(),
      { type: 'media', link: 'up', atMs: 500 },
    ]);
    assert.equal(state.status, 'live');
    assert.deepEqual(types(effects), ['start_give_up_timer', 'start_socket_timer', 'stop_give_up_timer']);
  });

  test('media that never comes while signaling passes is a blocked network, and the server is told', () => {
    const { state, effects } = play([{ type: 'start', resuming: false }, joined(), { type: 'gave_up', atMs: 30_000 }]);
    assert.deepEqual(state, { status: 'failed', problem: 'media_blocked', callId: 'call-1' });
    assert.deepEqual(effects.at(-1), { type: 'release', hangUp: true });
  });

  test('a cancelled start goes back to the beginning and hangs up what may have been opened', () => {
    const { state, effects } = play([{ type: 'start', resuming: false }, { type: 'hang_up' }]);
    assert.equal(state.status, 'idle');
    assert.deepEqual(effects, [{ type: 'release', hangUp: true }]);
  });

  test('a call entered again while muted says so to the server', () => {
    const { effects } = play([{ type: 'start', resuming: true }, { ...joined(), muted: true } as CallEvent]);
    assert.deepEqual(effects.at(-1), { type: 'tell_muted', muted: true });
  });

  test('a failed or finished call can be started again', () => {
    const { state } = play([
      { type: 'start', resuming: false },
      { type: 'problem', problem: 'microphone_denied' },
      { type: 'start', resuming: false },
    ]);
    assert.equal(state.status, 'starting');
  });
});

describe('a lost network', () => {
  test('lost signaling starts the countdown once, and joining again stops it', () => {
    const lost = play([{ type: 'signaling_lost' }, { type: 'signaling_lost' }], live());
    assert.deepEqual(types(lost.effects), ['start_give_up_timer']);
    assert.equal(shownPhase(lost.state as LiveCall), 'reconnecting');
    const back = play([joined({ transports: null })], lost.state);
    assert.deepEqual(types(back.effects), ['tell_muted', 'stop_give_up_timer']);
  });

  test('lost media asks for an ICE restart at once, and again while it stays lost', () => {
    const { effects } = play([{ type: 'media', link: 'lost', atMs: 2000 }, { type: 'ice_retry_due' }], live());
    assert.deepEqual(types(effects), ['start_give_up_timer', 'start_socket_timer', 'restart_ice', 'restart_ice']);
  });

  test('with both lost the ICE restart waits for signaling', () => {
    const lost = play([{ type: 'signaling_lost' }, { type: 'media', link: 'lost', atMs: 2000 }], live());
    assert.deepEqual(types(lost.effects), ['start_give_up_timer']);
    const back = play([joined({ transports: null })], lost.state);
    assert.deepEqual(types(back.effects), ['tell_muted', 'start_socket_timer', 'restart_ice']);
    const whole = play([{ type: 'media', link: 'up', atMs: 4000 }], back.state);
    assert.deepEqual(types(whole.effects), ['stop_give_up_timer']);
  });

  test('an ICE retry that comes late does nothing to a whole call', () => {
    assert.deepEqual(types(play([{ type: 'ice_retry_due' }], live()).effects), ['stop_give_up_timer']);
  });

  test('giving up ends the call as a lost connection; a late countdown does not touch a whole call', () => {
    const { state } = play(
      [
        { type: 'media', link: 'lost', atMs: 5000 },
        { type: 'gave_up', atMs: 35_000 },
      ],
      live(),
    );
    assert.equal(state.status, 'over');
    assert.ok(state.status === 'over' && state.reason === 'connection_lost');
    assert.equal(play([{ type: 'gave_up', atMs: 35_000 }], live()).state.status, 'live');
  });

  test('new transports after a loss are not taken for a blocked network', () => {
    const { state } = play(
      [{ type: 'signaling_lost' }, joined({ talked_ms: 20_000 }, 25_000), { type: 'gave_up', atMs: 55_000 }],
      live(),
    );
    assert.ok(state.status === 'over' && state.reason === 'connection_lost');
  });
});

describe('the way over the socket', () => {
  const blocked = (): CallState =>
    play([{ type: 'start', resuming: false }, joined(), { type: 'phase', phase: 'speaking' }]).state;
  const bySocket = (): CallState =>
    play([{ type: 'socket_due' }, { type: 'socket', status: 'on', atMs: 6000 }], blocked()).state;

  test('is taken when WebRTC had its time, and makes the call whole', () => {
    const due = play([{ type: 'socket_due' }], blocked());
    assert.deepEqual(types(due.effects), ['open_socket']);
    const on = play([{ type: 'socket', status: 'on', atMs: 6000 }], due.state);
    assert.deepEqual(types(on.effects), ['stop_give_up_timer']);
    assert.equal(shownPhase(on.state as LiveCall), 'speaking');
    assert.equal(readTime(on.state as LiveCall, 8000).talkedMs, 2000);
    assert.deepEqual(types(play([{ type: 'gave_up', atMs: 30_000 }], on.state).effects), []);
  });

  test('is not taken where WebRTC is there, or signaling is not', () => {
    assert.deepEqual(play([{ type: 'socket_due' }], live()).effects, []);
    assert.deepEqual(types(play([{ type: 'signaling_lost' }, { type: 'socket_due' }], blocked()).effects), []);
  });

  test('is left for WebRTC as soon as that is there, and ICE is tried again until then', () => {
    const lost = play([{ type: 'media', link: 'lost', atMs: 16_000 }, { type: 'ice_retry_due' }], bySocket());
    assert.deepEqual(types(lost.effects), ['stop_give_up_timer', 'restart_ice', 'stop_give_up_timer', 'restart_ice']);
    const { state, effects } = play([{ type: 'media', link: 'up', atMs: 17_000 }], lost.state);
    assert.deepEqual(types(effects), ['close_socket', 'stop_give_up_timer']);
    assert.equal((state as LiveCall).socket, 'off');
  });

  test('is opened again after it broke off, and after signaling came back', () => {
    const failed = play([{ type: 'socket', status: 'failed', atMs: 9000 }], bySocket());
    assert.deepEqual(types(failed.effects), ['start_give_up_timer', 'close_socket', 'start_socket_timer']);
    const back = play([{ type: 'signaling_lost' }, joined({ transports: null })], bySocket());
    assert.deepEqual(types(back.effects), ['start_give_up_timer', 'tell_muted', 'open_socket']);
  });

  test('is taken at once by choice, whatever WebRTC does, and left when the choice is taken back', () => {
    const { state, effects } = play([{ type: 'prefer_socket', prefers: true, atMs: 5000 }], live());
    assert.deepEqual(types(effects), ['open_socket']);
    const on = play([{ type: 'socket', status: 'on', atMs: 5100 }], state).state;
    const lost = play(
      [
        { type: 'media', link: 'lost', atMs: 6000 },
        { type: 'media', link: 'up', atMs: 7000 },
      ],
      on,
    );
    assert.ok(!types(lost.effects).includes('close_socket'));
    const left = play([{ type: 'prefer_socket', prefers: false, atMs: 8000 }], lost.state);
    assert.deepEqual(types(left.effects), ['close_socket']);
  });
});

describe('time', () => {
  test('runs while there is media and stands still while there is none', () => {
    const call = live();
    assert.deepEqual(readTime(call, 11_000), { talkedMs: 10_000, leftMs: 590_000, atMs: 11_000 });
    const { state } = play([{ type: 'media', link: 'lost', atMs: 11_000 }], call);
    assert.equal(readTime(state as LiveCall, 99_000).talkedMs, 10_000);
  });

  test('never shows less than nothing left', () => {
    assert.equal(readTime(live(), 10_000_000).leftMs, 0);
  });

  test('a warning stays until minutes are added', () => {
    assert.equal(live([warn(120_000, 2), warn(90_000, null)]).warnMinutes, 2);
    assert.equal(live([warn(120_000, 2), warn(60_000, 1)]).warnMinutes, 1);
    assert.equal(live([warn(60_000, 1), warn(400_000, null)]).warnMinutes, null);
  });
});

describe('ending', () => {
  test('End call pressed twice is told once; the end keeps the captions', () => {
    const call = live([{ type: 'caption', caption: { turn: 0, speaker: 'tutor', text: 'Hello', final: true } }]);
    const { state, effects } = play(
      [{ type: 'hang_up' }, { type: 'hang_up' }, { type: 'ended', reason: 'hang_up', talkedMs: 7000, atMs: 9000 }],
      call,
    );
    assert.deepEqual(effects, [{ type: 'tell_hang_up' }, { type: 'release', hangUp: false }]);
    assert.ok(state.status === 'over' && state.talkedMs === 7000 && state.captions[0]?.text === 'Hello');
  });

  test('an end without the server’s word uses the page’s own time', () => {
    const { state } = play([{ type: 'ended', reason: 'hang_up', talkedMs: undefined, atMs: 4000 }], live());
    assert.ok(state.status === 'over' && state.talkedMs === 3000);
  });

  test('a call that was taken over is not hung up', () => {
    const { state, effects } = play([{ type: 'problem', problem: 'taken_over' }], live());
    assert.equal(state.status, 'failed');
    assert.deepEqual(effects, [{ type: 'release', hangUp: false }]);
  });

  test('what comes after the end changes nothing', () => {
    const over = play([{ type: 'ended', reason: 'idle', talkedMs: 1, atMs: 1 }], live()).state;
    const late: CallEvent[] = [
      { type: 'phase', phase: 'speaking' },
      { type: 'ended', reason: 'hang_up', talkedMs: 2, atMs: 2 },
      { type: 'gave_up', atMs: 3 },
      { type: 'mute', muted: true },
    ];
    assert.deepEqual(play(late, over), { state: over, effects: [] });
  });
});

test('the same notice again takes the place of the old one, and at most three stand', () => {
  const { notices } = live(['a', 'b', 'a', 'c', 'd'].map(notice));
  assert.deepEqual(
    notices.map(({ code }) => code),
    ['a', 'c', 'd'],
  );
});

test('muting is told to the server and does not stop the phase', () => {
  const { state, effects } = play(
    [
      { type: 'phase', phase: 'speaking' },
      { type: 'mute', muted: true },
    ],
    live(),
  );
  assert.deepEqual(effects, [{ type: 'tell_muted', muted: true }]);
  assert.equal(shownPhase(state as LiveCall), 'speaking');
});
