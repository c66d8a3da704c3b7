import type { RequestAnswers, RtpParametersMessage, TransportMessage } from '../../media/protocol.ts';

/** What mediasoup tells of a transport and a track, written as the SDP that a WebRTC stack takes. */

export interface IceParameters {
  readonly usernameFragment: string;
  readonly password: string;
}

interface IceCandidate {
  readonly foundation: string;
  readonly priority: number;
  readonly ip: string;
  readonly protocol: 'udp' | 'tcp';
  readonly port: number;
}

interface DtlsParameters {
  readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
}

export interface RemoteTransport {
  readonly id: string;
  readonly ice: IceParameters;
  readonly candidates: readonly IceCandidate[];
  readonly fingerprint: string;
  /** Instead of the candidates' own. */
  readonly port: number | undefined;
}

/**
 * @param protocol only this protocol's candidates are used.
 * @param port stands in for the server's own, where a relay is between us.
 */
export function parseTransport(message: TransportMessage, protocol: 'udp' | 'tcp', port?: number): RemoteTransport {
  const candidates = message.ice_candidates as readonly IceCandidate[];
  const { fingerprints } = message.dtls_parameters as DtlsParameters;
  const fingerprint = fingerprints.find(({ algorithm }) => algorithm === 'sha-256')?.value;
  if (!fingerprint) throw new Error('The transport has no SHA-256 fingerprint');
  return {
    id: message.id,
    ice: message.ice_parameters as IceParameters,
    candidates: candidates.filter((candidate) => candidate.protocol === protocol),
    fingerprint,
    port,
  };
}

/** The server's answer to our offer to send. */
export function answerToSend(remote: RemoteTransport, mid: string, payloadType: number): string {
  return lines(remote, mid, payloadType, 'passive', ['a=recvonly']);
}

/** The server's offer of the track that we consume. */
export function offerToReceive(remote: RemoteTransport, mid: string, track: RequestAnswers['track:consume']): string {
  const { codecs, encodings, rtcp } = track.rtp_parameters as RtpParametersMessage;
  const payloadType = codecs[0]?.payloadType ?? 0;
  const ssrc = encodings[0]?.ssrc ?? 0;
  return lines(remote, mid, payloadType, 'actpass', ['a=sendonly', `a=ssrc:${ssrc} cname:${rtcp?.cname || 'tutor'}`]);
}

function lines(
  remote: RemoteTransport,
  mid: string,
  payloadType: number,
  setup: 'passive' | 'actpass',
  direction: readonly string[],
): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=ice-lite',
    `a=group:BUNDLE ${mid}`,
    `m=audio 7 UDP/TLS/RTP/SAVPF ${payloadType}`,
    'c=IN IP4 127.0.0.1',
    `a=mid:${mid}`,
    ...direction,
    'a=rtcp-mux',
    `a=ice-ufrag:${remote.ice.usernameFragment}`,
    `a=ice-pwd:${remote.ice.password}`,
    `a=fingerprint:sha-256 ${remote.fingerprint}`,
    `a=setup:${setup}`,
    `a=rtpmap:${payloadType} opus/48000/2`,
    ...remote.candidates.map(
      ({ foundation, priority, ip, port, protocol }) =>
        `a=candidate:${foundation} 1 ${protocol} ${priority} ${ip} ${remote.port ?? port} typ host` +
        (protocol === 'tcp' ? ' tcptype passive' : ''),
    ),
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}
