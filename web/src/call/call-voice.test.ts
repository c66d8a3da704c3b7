import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { JoinAnswer } from '../../../src/media/protocol.ts';
import type { CallEvent } from './call-step.ts';
import { CallVoice } from './call-voice.ts';
import type { OpenPeer, Peer, PeerOptions } from './peer.ts';
import type { Signaling } from './signaling.ts';

const transport = { id: 't', ice_parameters: {}, ice_candidates: [], dtls_parameters: {} };
const answer = { transports: { send: transport, receive: transport } } as unknown as JoinAnswer;
const signaling = {} as Signaling;

class FakeTrack extends EventTarget {
  enabled = true;
  muted = false;
  stopped = false;
  stop(): void {
    this.stopped = true;
  }
}

interface FakeMicrophone {
  readonly track: FakeTrack;
  readonly stream: MediaStream;
}

function microphone(): FakeMicrophone {
  const track = new FakeTrack();
  return { track, stream: { getAudioTracks: () => [track], getTracks: () => [track] } as unknown as MediaStream };
}

interface OpenedPeer {
  readonly options: PeerOptions;
  readonly sent: unknown[];
  closed: boolean;
  refuses: boolean;
}

/** A `CallVoice` whose microphones and transports are played by hand. */
function scene(first = microphone()) {
  const events: CallEvent[] = [];
  const peers: OpenedPeer[] = [];
  let next: Promise<MediaStream> = Promise.resolve(first.stream);
  let holdPeer: Promise<void> = Promise.resolve();
  const openPeer: OpenPeer = async (options) => {
    const peer: OpenedPeer = { options, sent: [options.track], closed: false, refuses: false };
    peers.push(peer);
    await holdPeer;
    return {
      restartIce: () => Promise.resolve(),
      replaceTrack: (track) => {
        if (peer.refuses) return Promise.reject(new Error('closed'));
        peer.sent.push(track);
        return Promise.resolve();
      },
      sample: () => Promise.reject(new Error('none')),
      close: () => {
        peer.closed = true;
      },
    } satisfies Peer;
  };
  const voice = new CallVoice({
    loadStack: () => Promise.resolve({ openPeer, openSocketVoice: () => Promise.reject(new Error('none')) }),
    openMicrophone: () => next,
    onMicrophone: () => undefined,
    onTutorTrack: () => undefined,
    onQuality: () => undefined,
    dispatch: (event) => events.push(event),
    isMuted: () => false,
    nowMs: () => 0,
  });
  return {
    voice,
    first,
    peers,
    events,
    plugIn: (stream: Promise<MediaStream>) => {
      next = stream;
    },
    holdPeers: (until: Promise<void>) => {
      holdPeer = until;
    },
  };
}

describe('a call’s voice', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
  afterEach(() => mock.timers.reset());

  test('goes on with the microphone that was chosen while the transports were being opened', async () => {
    const { voice, first, peers, plugIn, holdPeers } = scene();
    await voice.openMicrophone();
    const opened = Promise.withResolvers<void>();
    holdPeers(opened.promise);
    const opening = voice.openPeer(signaling, answer);
    const second = microphone();
    plugIn(Promise.resolve(second.stream));
    await voice.changeMicrophone();
    opened.resolve();
    await opening;
    assert.deepEqual(peers[0]?.sent, [first.track, second.track]);
    assert.deepEqual([first.track.stopped, second.track.stopped], [true, false]);
    voice.close();
  });

  test('takes the microphone that was chosen last, whichever opens first', async () => {
    const { voice, plugIn } = scene();
    await voice.openMicrophone();
    const slow = microphone();
    const quick = microphone();
    const slowOpened = Promise.withResolvers<MediaStream>();
    plugIn(slowOpened.promise);
    const slowly = voice.changeMicrophone();
    plugIn(Promise.resolve(quick.stream));
    await voice.changeMicrophone();
    slowOpened.resolve(slow.stream);
    await slowly;
    assert.deepEqual([slow.track.stopped, quick.track.stopped], [true, false]);
    voice.close();
    assert.equal(quick.track.stopped, true);
  });

  test('keeps the old microphone, and leaves none on, where the new one cannot be put in its place', async () => {
    const { voice, first, peers, plugIn } = scene();
    await voice.openMicrophone();
    await voice.openPeer(signaling, answer);
    const second = microphone();
    plugIn(Promise.resolve(second.stream));
    peers[0]!.refuses = true;
    await assert.rejects(voice.changeMicrophone());
    assert.deepEqual([first.track.stopped, second.track.stopped], [false, true]);
    voice.close();
    assert.equal(first.track.stopped, true);
  });

  test('has no transports while, and after, others could not be opened in their place', async () => {
    const { voice, peers, holdPeers } = scene();
    await voice.openMicrophone();
    await voice.openPeer(signaling, answer);
    assert.equal(voice.hasPeer, true);
    holdPeers(Promise.reject(new Error('The network is gone')));
    await assert.rejects(voice.openPeer(signaling, answer));
    assert.deepEqual([voice.hasPeer, peers[0]?.closed], [false, true]);
    voice.close();
  });

  test('hears nothing of transports that were given up while they were being opened', async () => {
    const { voice, peers, events, holdPeers } = scene();
    await voice.openMicrophone();
    const opened = Promise.withResolvers<void>();
    holdPeers(opened.promise);
    const late = voice.openPeer(signaling, answer);
    await Promise.resolve();
    holdPeers(Promise.resolve());
    await voice.openPeer(signaling, answer);
    opened.resolve();
    await late;
    events.length = 0;
    for (const { options } of peers) options.onLink('up');
    assert.deepEqual(
      events.map(({ type }) => type),
      ['media'],
    );
    assert.deepEqual([peers[0]?.closed, peers[1]?.closed], [true, false]);
    voice.close();
  });

  test('says nothing of transports that were given up and could not be opened', async () => {
    const { voice, holdPeers } = scene();
    await voice.openMicrophone();
    const opened = Promise.withResolvers<void>();
    holdPeers(opened.promise);
    const late = voice.openPeer(signaling, answer);
    await Promise.resolve();
    holdPeers(Promise.resolve());
    await voice.openPeer(signaling, answer);
    opened.reject(new Error('The transport was closed'));
    await late;
    assert.equal(voice.hasPeer, true);
    voice.close();
  });

  test('says no more that the microphone is switched off once another one is used', async () => {
    const { voice, first, events, plugIn } = scene();
    await voice.openMicrophone();
    first.track.muted = true;
    first.track.dispatchEvent(new Event('mute'));
    assert.deepEqual(events.at(-1), { type: 'notice', notice: { code: 'microphone_muted', message: '' } });
    plugIn(Promise.resolve(microphone().stream));
    await voice.changeMicrophone();
    assert.deepEqual(events.at(-1), { type: 'notice_gone', code: 'microphone_muted' });
    first.track.dispatchEvent(new Event('mute'));
    assert.deepEqual(events.at(-1), { type: 'notice_gone', code: 'microphone_muted' });
    voice.close();
  });
});
