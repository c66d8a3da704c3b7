import {
  GenericNack,
  MediaStreamTrack,
  RtcpTransportLayerFeedback,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpHeader,
  RtpPacket,
} from 'werift';
import type { RequestAnswers, RtpCapabilitiesMessage, RtpParametersMessage } from '../../media/protocol.ts';
import { within } from './deadline.ts';
import { answerToSend, offerToReceive, type IceParameters, type RemoteTransport } from './peer-sdp.ts';

/** Payload type that our side gives to Opus. Unlike the server's own, so that a mix-up shows. */
const PAYLOAD_TYPE = 111;

/** @param nack lost packets can be asked for again. */
export const rtpCapabilities = (nack = false): RtpCapabilitiesMessage => ({
  codecs: [
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      preferredPayloadType: PAYLOAD_TYPE,
      clockRate: 48_000,
      channels: 2,
      parameters: {},
      rtcpFeedback: feedback(nack),
    },
  ],
  headerExtensions: [],
});

const feedback = (nack: boolean) => (nack ? [{ type: 'nack' }] : []);

export interface DtlsFingerprint {
  readonly algorithm: 'sha-256';
  readonly value: string;
}

function createConnection(protocol: 'udp' | 'tcp'): RTCPeerConnection {
  return new RTCPeerConnection({
    iceServers: [],
    // Loopback only: neither the machine's addresses nor anybody outside are involved.
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1'],
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
    iceUseTcp: protocol === 'tcp',
    iceTcpPassive: false,
    codecs: {
      audio: [
        new RTCRtpCodecParameters({
          mimeType: 'audio/opus',
          clockRate: 48_000,
          channels: 2,
          payloadType: PAYLOAD_TYPE,
        }),
      ],
      video: [],
    },
    headerExtensions: { audio: [], video: [] },
  });
}

async function waitUntilConnected(connection: RTCPeerConnection, deadlineMs: number): Promise<void> {
  if (connection.connectionState === 'connected') return;
  await within(
    connection.connectionStateChange.watch((state) => state === 'connected', deadlineMs),
    deadlineMs,
    'the WebRTC connection',
  );
}

/**
 * With DTLS already connected werift leaves the new checks to the other side; a server with ICE-lite never begins
 * them, so we do.
 */
async function checkAgain(connection: RTCPeerConnection, deadlineMs: number): Promise<void> {
  const checks = Promise.all(connection.iceTransports.map((transport) => transport.start()));
  await within(checks, deadlineMs, 'the connection after the ICE restart');
}

function localFingerprint(sdp: string): DtlsFingerprint {
  const value = /^a=fingerprint:sha-256 (\S+)/im.exec(sdp)?.[1];
  if (!value) throw new Error('Our own description has no SHA-256 fingerprint');
  return { algorithm: 'sha-256', value };
}

/** Our microphone's connection. */
export class SendPeer {
  readonly #connection: RTCPeerConnection;
  readonly #track = new MediaStreamTrack({ kind: 'audio' });
  readonly #ssrc: number;
  readonly #nack: boolean;
  #remote: RemoteTransport;

  /** @param options.nack what is lost is sent again when the server asks for it. */
  constructor(remote: RemoteTransport, protocol: 'udp' | 'tcp', { nack = false }: { readonly nack?: boolean } = {}) {
    this.#remote = remote;
    this.#nack = nack;
    this.#connection = createConnection(protocol);
    this.#ssrc = this.#connection.addTransceiver(this.#track, { direction: 'sendonly' }).sender.ssrc;
  }

  get transportId(): string {
    return this.#remote.id;
  }

  /** Gathers and answers with what the server has to be told first. */
  async offer(): Promise<{ readonly fingerprint: DtlsFingerprint; readonly rtpParameters: RtpParametersMessage }> {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    return {
      fingerprint: localFingerprint(this.#sdp),
      rtpParameters: {
        codecs: [
          {
            mimeType: 'audio/opus',
            payloadType: PAYLOAD_TYPE,
            clockRate: 48_000,
            channels: 2,
            parameters: { useinbandfec: 1, usedtx: 1 },
            rtcpFeedback: feedback(this.#nack),
          },
        ],
        headerExtensions: [],
        encodings: [{ ssrc: this.#ssrc, dtx: true }],
        rtcp: { cname: 'caller' },
      },
    };
  }

  /** The server knows us: connects. */
  async connect(deadlineMs: number): Promise<void> {
    await this.#applyRemote();
    await waitUntilConnected(this.#connection, deadlineMs);
  }

  /** Goes on with the server's new ICE parameters after `ice:restart`. */
  async restartIce(ice: IceParameters, deadlineMs: number): Promise<void> {
    this.#remote = { ...this.#remote, ice };
    await this.#connection.setLocalDescription(await this.#connection.createOffer({ iceRestart: true }));
    await this.#applyRemote();
    await checkAgain(this.#connection, deadlineMs);
  }

  send(sequenceNumber: number, timestamp: number, marker: boolean, payload: Uint8Array): void {
    const header = new RtpHeader({
      sequenceNumber,
      timestamp,
      marker,
      payloadType: PAYLOAD_TYPE,
      ssrc: this.#ssrc,
    });
    this.#track.writeRtp(new RtpPacket(header, Buffer.from(payload)));
  }

  /** Whatever bytes, encrypted as RTP; for packets that are broken inside. */
  sendRaw(packet: Buffer): void {
    this.#track.writeRtp(packet);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #applyRemote(): Promise<void> {
    const mid = /^a=mid:(\S+)/m.exec(this.#sdp)?.[1] ?? '0';
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answerToSend(this.#remote, mid, PAYLOAD_TYPE) });
  }

  get #sdp(): string {
    return this.#connection.localDescription?.sdp ?? '';
  }
}

/** Our loudspeaker's connection. */
export class ReceivePeer {
  readonly #connection: RTCPeerConnection;
  readonly #consumed: RequestAnswers['track:consume'];
  #remote: RemoteTransport;

  constructor(
    remote: RemoteTransport,
    protocol: 'udp' | 'tcp',
    consumed: RequestAnswers['track:consume'],
    onPacket: (packet: RtpPacket) => void,
  ) {
    this.#remote = remote;
    this.#consumed = consumed;
    this.#connection = createConnection(protocol);
    this.#connection.onTrack.subscribe((track) => track.onReceiveRtp.subscribe((packet) => onPacket(packet)));
  }

  get transportId(): string {
    return this.#remote.id;
  }

  /** Takes the server's offer and answers with what the server has to be told. Connecting begins. */
  async answer(): Promise<DtlsFingerprint> {
    const sdp = offerToReceive(this.#remote, '0', this.#consumed);
    await this.#connection.setRemoteDescription({ type: 'offer', sdp });
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    return localFingerprint(this.#connection.localDescription?.sdp ?? '');
  }

  async connected(deadlineMs: number): Promise<void> {
    await waitUntilConnected(this.#connection, deadlineMs);
  }

  /** Asks for packets again, by NACK: werift itself does so for pictures only. */
  askAgain(ssrc: number, lost: readonly number[]): void {
    const { receiver } = this.#connection.getTransceivers()[0] ?? {};
    if (!receiver) return;
    const nack = new GenericNack({ senderSsrc: receiver.rtcpSsrc, mediaSourceSsrc: ssrc, lost: [...lost] });
    receiver.dtlsTransport.sendRtcp([new RtcpTransportLayerFeedback({ feedback: nack })]).catch(() => {});
  }

  /** Goes on with the server's new ICE parameters after `ice:restart`. */
  async restartIce(ice: IceParameters, deadlineMs: number): Promise<void> {
    this.#remote = { ...this.#remote, ice };
    await this.answer();
    await checkAgain(this.#connection, deadlineMs);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
