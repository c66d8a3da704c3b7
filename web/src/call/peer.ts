import { Device } from 'mediasoup-client';
import type { types } from 'mediasoup-client';
import type { JoinAnswer, RequestPayload, TransportMessage } from '../../../src/media/protocol.ts';
import type { MediaLink } from './call-state.ts';
import type { LinkSample } from './connection-quality.ts';
import type { Signaling } from './signaling.ts';

/** The two WebRTC transports of a call: the learner's voice out, the tutor's in. */
export interface Peer {
  /** Restarts ICE on each transport that is not connected. */
  restartIce(): Promise<void>;
  replaceTrack(track: MediaStreamTrack): Promise<void>;
  sample(): Promise<LinkSample>;
  /** Idempotent. */
  close(): void;
}

export interface PeerOptions {
  readonly signaling: Signaling;
  readonly answer: JoinAnswer;
  readonly transports: NonNullable<JoinAnswer['transports']>;
  readonly track: MediaStreamTrack;
  /** The tutor's voice is there. Comes before the media is connected. */
  readonly onTutorTrack: (track: MediaStreamTrack) => void;
  readonly onLink: (link: MediaLink) => void;
}

export type OpenPeer = (options: PeerOptions) => Promise<Peer>;

/** Our protocol leaves mediasoup's own shapes opaque: here, and only here, they get their types. */
function transportOptions(message: TransportMessage, answer: JoinAnswer): types.TransportOptions {
  return {
    id: message.id,
    iceParameters: message.ice_parameters as types.IceParameters,
    iceCandidates: message.ice_candidates as types.IceCandidate[],
    dtlsParameters: message.dtls_parameters as types.DtlsParameters,
    iceServers: answer.ice_servers as RTCIceServer[],
  };
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

function linkOf(states: readonly types.ConnectionState[]): MediaLink {
  if (states.some((state) => state === 'disconnected' || state === 'failed' || state === 'closed')) return 'lost';
  return states.every((state) => state === 'connected') ? 'up' : 'connecting';
}

export const openPeer: OpenPeer = async ({ signaling, answer, transports, track, onTutorTrack, onLink }) => {
  const device = await Device.factory();
  await device.load({ routerRtpCapabilities: answer.router_rtp_capabilities as types.RtpCapabilities });

  const send = device.createSendTransport(transportOptions(transports.send, answer));
  const receive = device.createRecvTransport(transportOptions(transports.receive, answer));
  let closed = false;
  let link: MediaLink = 'connecting';
  let wasUp = false;

  for (const transport of [send, receive]) {
    transport.on('connect', ({ dtlsParameters }, accept, refuse) => {
      signaling
        .request('transport:connect', {
          transport_id: transport.id,
          dtls_parameters: dtlsParameters,
        })
        .then(
          () => accept(),
          (error: unknown) => refuse(asError(error)),
        );
    });
    transport.on('connectionstatechange', () => {
      const now = linkOf([send.connectionState, receive.connectionState]);
      // Once up, a transport that connects again was lost; it is not a call that begins.
      const next = now === 'connecting' && wasUp ? 'lost' : now;
      wasUp ||= next === 'up';
      if (closed || next === link) return;
      link = next;
      onLink(next);
    });
  }
  send.on('produce', ({ kind, rtpParameters }, accept, refuse) => {
    signaling
      .request('track:produce', {
        transport_id: send.id,
        kind,
        rtp_parameters: rtpParameters as RequestPayload<'track:produce'>['rtp_parameters'],
      })
      .then(
        ({ producer_id }) => accept({ id: producer_id }),
        (error: unknown) => refuse(asError(error)),
      );
  });

  async function consumeTutor(): Promise<types.Consumer> {
    const answered = await signaling.request('track:consume', {
      rtp_capabilities: device.recvRtpCapabilities as RequestPayload<'track:consume'>['rtp_capabilities'],
    });
    const made = await receive.consume({
      id: answered.consumer_id,
      producerId: answered.producer_id,
      kind: answered.kind,
      rtpParameters: answered.rtp_parameters as types.RtpParameters,
    });
    onTutorTrack(made.track);
    await signaling.request('track:resume', {});
    return made;
  }

  function close(): void {
    closed = true;
    send.close();
    receive.close();
  }

  let producer: types.Producer;
  let consumer: types.Consumer;
  try {
    [producer, consumer] = await Promise.all([
      send.produce({
        track,
        // Our own switch of the microphone outlives the transports.
        stopTracks: false,
        codecOptions: { opusStereo: false, opusFec: true, opusDtx: true, opusNack: true },
      }),
      consumeTutor(),
    ]);
  } catch (error) {
    close();
    throw error;
  }

  return {
    async restartIce() {
      await Promise.all(
        [send, receive]
          .filter((transport) => transport.connectionState !== 'connected')
          .map(async (transport) => {
            const { ice_parameters } = await signaling.request('ice:restart', { transport_id: transport.id });
            if (!transport.closed) {
              await transport.restartIce({ iceParameters: ice_parameters as types.IceParameters });
            }
          }),
      );
    },
    replaceTrack: (next) => producer.replaceTrack({ track: next }),
    async sample() {
      const [sent, heard] = await Promise.all([producer.getStats(), consumer.getStats()]);
      let roundTripSec: number | undefined;
      let lostThere: number | undefined;
      let received = 0;
      let lost = 0;
      let jitterSec: number | undefined;
      for (const report of sent.values() as Iterable<Record<string, unknown>>) {
        if (report['type'] === 'remote-inbound-rtp') {
          roundTripSec = report['roundTripTime'] as number | undefined;
          lostThere = report['fractionLost'] as number | undefined;
        }
      }
      for (const report of heard.values() as Iterable<Record<string, unknown>>) {
        if (report['type'] !== 'inbound-rtp') continue;
        received = (report['packetsReceived'] as number | undefined) ?? 0;
        lost = (report['packetsLost'] as number | undefined) ?? 0;
        jitterSec = report['jitter'] as number | undefined;
      }
      return {
        roundTripMs: roundTripSec === undefined ? undefined : roundTripSec * 1000,
        lostThere,
        received,
        lost,
        jitterMs: jitterSec === undefined ? undefined : jitterSec * 1000,
      };
    },
    close,
  };
};
