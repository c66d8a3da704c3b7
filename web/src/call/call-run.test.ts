import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';
import type { JoinAnswer } from '../../../src/media/protocol.ts';
import type { PlacedCall } from '../api/types.ts';
import { CallRun } from './call-run.ts';
import type { CallState } from './call-state.ts';
import { stepCall } from './call-step.ts';
import type { CallEvent } from './call-step.ts';
import type { PeerOptions } from './peer.ts';
import type { SignalingEvents } from './signaling.ts';
import type { SocketVoiceOptions, VoiceEvent } from './socket-voice.ts';

const transport = { id: 't', ice_parameters: {}, ice_candidates: [], dtls_parameters: {} };
const joinAnswer = (keep: boolean): JoinAnswer => ({
  call_id: 'call-1',
  resumed: keep,
  router_rtp_capabilities: {},
  ice_servers: [],
  transports: keep ? null : { send: transport, receive: transport },
  language: 'en',
  engines: { stt: 'a', tutor: 'b', tts: 'c' },
  captions: [],
  talked_ms: 0,
  left_ms: 600_000,
  recording: false,
});
const placeOn = (node: string): PlacedCall => ({
  call_id: 'call-1',
  signaling: { path: `/rtc/${node}/socket.io` },
  token: `token-${node}`,
});

class CodedError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** A microphone that is only counted; the run uses nothing else of it. */
class FakeTrack extends EventTarget {
  enabled = true;
  stopped = false;
  stop(): void {
    this.stopped = true;
  }
}
class FakeMicrophone {
  readonly track = new FakeTrack();
  getAudioTracks(): FakeTrack[] {
    return [this.track];
  }
  getTracks(): FakeTrack[] {
    return [this.track];
  }
}

interface FakeConnection {
  readonly path: string;
  readonly events: SignalingEvents;
  readonly requests: [string, unknown][];
  closed: boolean;
}

/** Everything around a `CallRun`, played by hand. */
function scene(options: { openMicrophone?: () => Promise<FakeMicrophone>; prefersSocket?: boolean } = {}) {
  const microphone = new FakeMicrophone();
  const connections: FakeConnection[] = [];
  const peers: PeerOptions[] = [];
  const socketVoices: { readonly options: SocketVoiceOptions; readonly taken: VoiceEvent[]; closed: boolean }[] = [];
  let replacement: PlacedCall | Promise<PlacedCall> = placeOn('a');
  let refusedJoin: string | undefined;
  let state: CallState = { status: 'idle' };

  function dispatch(event: CallEvent): void {
    const step = stepCall(state, event);
    state = step.state;
    for (const effect of step.effects) run.run(effect);
  }
  const run: CallRun = new CallRun({
    loadStack: () =>
      Promise.resolve({
        openSignaling: ({ path, events }) => {
          const connection: FakeConnection = { path, events, requests: [], closed: false };
          connections.push(connection);
          return {
            tell: () => undefined,
            request: async (name, payload) => {
              connection.requests.push([name, payload]);
              if (name === 'call:join') {
                const { keep_transports: keep } = payload as { keep_transports: boolean };
                const code = refusedJoin;
                refusedJoin = undefined;
                if (code !== undefined) throw new CodedError(code);
                return joinAnswer(keep) as never;
              }
              return {} as never;
            },
            close: () => {
              connection.closed = true;
            },
          };
        },
        openSocketVoice: (voiceOptions) => {
          const voice = { options: voiceOptions, taken: [] as VoiceEvent[], closed: false };
          socketVoices.push(voice);
          // As long polling brings it: with the answer, and before whoever waits for the answer runs.
          connections.at(-1)?.events.event('voice:sound', { stream: 1, bytes: new Uint8Array(1) });
          return Promise.resolve({
            take: (event) => void voice.taken.push(event),
            replaceStream: () => Promise.resolve(),
            close: () => {
              voice.closed = true;
            },
          });
        },
        openPeer: (peer) => {
          peers.push(peer);
          return Promise.resolve({
            restartIce: () => Promise.resolve(),
            replaceTrack: () => Promise.resolve(),
            sample: () => Promise.reject(new Error('none')),
            close: () => undefined,
          });
        },
      }),
    openMicrophone: (options.openMicrophone ??
      (() => Promise.resolve(microphone))) as unknown as () => Promise<MediaStream>,
    replaceCall: () => Promise.resolve(replacement),
    onMicrophone: () => undefined,
    onTutorTrack: () => undefined,
    onQuality: () => undefined,
    onEntered: () => undefined,
    dispatch,
    readState: () => state,
    prefersSocket: () => options.prefersSocket ?? false,
    nowMs: () => 0,
  });
  return {
    run,
    microphone,
    connections,
    socketVoices,
    peers,
    dispatch,
    state: () => state,
    refuseNextJoin: (code: string) => {
      refusedJoin = code;
    },
    moveTo: (place: PlacedCall | Promise<PlacedCall>) => {
      replacement = place;
    },
    begin: async (place = () => Promise.resolve(placeOn('a'))) => {
      dispatch({ type: 'start', resuming: false });
      const started = run.start(place, { microphoneFirst: false, muted: false });
      await settle();
      return { started };
    },
  };
}

/** Lets everything that waits for nothing but promises run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

async function liveScene() {
  const play = scene();
  const { started } = await play.begin();
  play.connections[0]?.events.connected(false);
  await started;
  play.peers[0]?.onLink('up');
  assert.equal(play.state().status, 'live');
  return play;
}

const named = (connection: FakeConnection | undefined, name: string): unknown[] =>
  (connection?.requests ?? []).filter(([each]) => each === name).map(([, payload]) => payload);

describe('a call’s run', () => {
  afterEach(() => mock.timers.reset());

  test('joins, opens the transports and is live', async () => {
    const play = await liveScene();
    assert.deepEqual(named(play.connections[0], 'call:join'), [{ protocol: 1, keep_transports: false }]);
    assert.equal(play.peers.length, 1);
    play.run.close({ hangUp: false });
    assert.equal(play.microphone.track.stopped, true);
  });

  test('loses nothing of the tutor’s voice that comes while the socket is opened for it', async () => {
    const play = scene({ prefersSocket: true });
    const { started } = await play.begin();
    play.connections[0]?.events.connected(false);
    await started;
    await settle();
    play.connections[0]?.events.event('voice:sound', { stream: 1, bytes: new Uint8Array(2) });
    const [voice] = play.socketVoices;
    assert.deepEqual(
      voice?.taken.map(({ payload }) => 'bytes' in payload && payload.bytes.length),
      [1, 2],
    );
    play.run.close({ hangUp: false });
  });

  test('without a microphone says so, and ends the call that was opened meanwhile', async () => {
    const denied = Object.assign(new Error('no'), { name: 'NotAllowedError' });
    const play = scene({ openMicrophone: () => Promise.reject(denied) });
    const { started } = await play.begin();
    await started;
    const state = play.state();
    assert.ok(state.status === 'failed' && state.problem === 'microphone_denied');
    play.connections[0]?.events.connected(false);
    await settle();
    assert.equal(named(play.connections[0], 'call:hang-up').length, 1);
    assert.equal(play.connections[0]?.closed, true);
  });

  test('a cancelled start hangs up once it has joined', async () => {
    const play = scene();
    const { started } = await play.begin();
    play.dispatch({ type: 'hang_up' });
    assert.equal(play.state().status, 'idle');
    play.connections[0]?.events.connected(false);
    await started;
    await settle();
    assert.equal(named(play.connections[0], 'call:hang-up').length, 1);
    assert.equal(play.peers.length, 0);
  });

  test('a start that is cancelled while the browser asks for the microphone places no call', async () => {
    const allowed = Promise.withResolvers<FakeMicrophone>();
    const play = scene({ openMicrophone: () => allowed.promise });
    play.dispatch({ type: 'start', resuming: false });
    let placed = 0;
    const place = (): Promise<PlacedCall> => {
      placed += 1;
      return Promise.resolve(placeOn('a'));
    };
    const started = play.run.start(place, { microphoneFirst: true, muted: false });
    play.dispatch({ type: 'hang_up' });
    allowed.resolve(play.microphone);
    await started;
    assert.deepEqual([placed, play.microphone.track.stopped], [0, true]);
  });

  test('an API that refuses the call becomes its problem', async () => {
    const play = scene();
    const { started } = await play.begin(() => Promise.reject(new CodedError('no_minutes')));
    await started;
    const state = play.state();
    assert.ok(state.status === 'failed' && state.problem === 'no_minutes');
    assert.equal(play.microphone.track.stopped, true);
  });

  test('what the server says while the microphone is still asked for is not lost', async () => {
    let allow: (microphone: FakeMicrophone) => void = () => undefined;
    const play = scene({ openMicrophone: () => new Promise((resolve) => (allow = resolve)) });
    const { started } = await play.begin();
    const { events } = play.connections[0] ?? assert.fail('not connected');
    events.connected(false);
    await settle();
    events.event('caption:update', { turn: 0, speaker: 'tutor', text: 'Hello', final: true });
    allow(play.microphone);
    await started;
    const state = play.state();
    assert.ok(state.status === 'live' && state.captions[0]?.text === 'Hello');
    play.run.close({ hangUp: false });
  });

  test('signaling that comes back keeps the transports', async () => {
    const play = await liveScene();
    play.connections[0]?.events.lost();
    play.connections[0]?.events.connected(true);
    await settle();
    assert.deepEqual(named(play.connections[0], 'call:join').at(-1), { protocol: 1, keep_transports: true });
    assert.equal(play.peers.length, 1);
    play.run.close({ hangUp: false });
  });

  test('transports that are gone are made anew', async () => {
    const play = await liveScene();
    play.connections[0]?.events.lost();
    play.refuseNextJoin('transports_gone');
    play.connections[0]?.events.connected(true);
    await settle();
    assert.deepEqual(named(play.connections[0], 'call:join').at(-1), { protocol: 1, keep_transports: false });
    assert.equal(play.peers.length, 2);
    play.run.close({ hangUp: false });
  });

  test('a call that ended while the network was away is over', async () => {
    const play = await liveScene();
    play.connections[0]?.events.lost();
    play.refuseNextJoin('call_ended');
    play.connections[0]?.events.connected(true);
    await settle();
    const state = play.state();
    assert.ok(state.status === 'over' && state.reason === 'connection_lost');
  });

  test('a call whose node is gone goes on where it is now', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const play = await liveScene();
    play.moveTo(placeOn('b'));
    play.connections[0]?.events.lost();
    mock.timers.tick(6_000);
    await settle();
    assert.equal(play.connections[0]?.closed, true);
    assert.equal(play.connections[1]?.path, '/rtc/b/socket.io');
    play.connections[1]?.events.connected(false);
    await settle();
    assert.deepEqual(named(play.connections[1], 'call:join'), [{ protocol: 1, keep_transports: false }]);
    assert.equal(play.peers.length, 2);
    play.run.close({ hangUp: false });
  });

  test('a new way that is found after the old one came back is not taken', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const play = await liveScene();
    const found = Promise.withResolvers<PlacedCall>();
    play.moveTo(found.promise);
    play.connections[0]?.events.lost();
    mock.timers.tick(6_000);
    play.connections[0]?.events.connected(true);
    await settle();
    found.resolve(placeOn('a'));
    await settle();
    assert.deepEqual([play.connections.length, play.connections[0]?.closed], [1, false]);
    play.run.close({ hangUp: false });
  });

  test('a network that stays away ends the call after the time that the server waits', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const play = await liveScene();
    play.connections[0]?.events.lost();
    mock.timers.tick(29_999);
    assert.equal(play.state().status, 'live');
    mock.timers.tick(1);
    const state = play.state();
    assert.ok(state.status === 'over' && state.reason === 'connection_lost');
  });

  test('an end that the server does not confirm ends all the same', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const play = await liveScene();
    play.dispatch({ type: 'hang_up' });
    assert.equal(named(play.connections[0], 'call:hang-up').length, 1);
    assert.equal(play.microphone.track.enabled, false);
    mock.timers.tick(2_500);
    const state = play.state();
    assert.ok(state.status === 'over' && state.reason === 'hang_up');
  });
});
