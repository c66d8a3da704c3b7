import type {
  RouterRtpCodecCapability,
  RtpCapabilities as SfuRtpCapabilities,
  RtpParameters as SfuRtpParameters,
} from 'mediasoup/types';
import { AppError } from '../../platform/errors.ts';
import type { RtpCapabilitiesMessage, RtpParametersMessage } from '../protocol.ts';

/** The one RTP payload type of a call inside the house, in both directions. */
export const OPUS_PAYLOAD_TYPE = 100;

/** RTP clock of Opus in Hz, whatever rate the audio was made at (RFC 7587, section 4.1). */
export const OPUS_CLOCK_RATE = 48_000;

/**
 * All that a router carries. The page is asked for in-band FEC (a lost frame comes again in the next packet) and
 * DTX (nothing is sent in silence) by these parameters together with its own `opusFec`, `opusDtx` and `opusNack`.
 * Two channels is how Opus is always signaled (RFC 7587, section 7); the sound itself is mono.
 */
export const opusCodec: RouterRtpCodecCapability = {
  kind: 'audio',
  mimeType: 'audio/opus',
  clockRate: OPUS_CLOCK_RATE,
  channels: 2,
  preferredPayloadType: OPUS_PAYLOAD_TYPE,
  parameters: { minptime: 10, useinbandfec: 1, usedtx: 1 },
};

function isOpus(codec: { readonly mimeType: string; readonly clockRate: number }): boolean {
  return codec.mimeType.toLowerCase() === 'audio/opus' && codec.clockRate === OPUS_CLOCK_RATE;
}

/**
 * The page's track as the router takes it.
 * @throws AppError `codec_unsupported` when anything but Opus is offered.
 */
export function toProducerParameters(message: RtpParametersMessage): SfuRtpParameters {
  if (!message.codecs.every(isOpus)) {
    throw new AppError({ code: 'codec_unsupported', kind: 'invalid', message: 'A call takes audio in Opus only.' });
  }
  // The message has been parsed and the router checks it again and fills its defaults in, into the object itself:
  // so it gets a copy. The two types differ only in `undefined`, which a message of JSON does not carry.
  return structuredClone(message) as SfuRtpParameters;
}

/**
 * What the page can play, as the router takes it.
 * @throws AppError `codec_unsupported` when Opus is not among it.
 */
export function toConsumerCapabilities(message: RtpCapabilitiesMessage): SfuRtpCapabilities {
  if (!message.codecs.some(isOpus)) {
    throw new AppError({ code: 'codec_unsupported', kind: 'invalid', message: 'This device does not play Opus.' });
  }
  return structuredClone(message) as SfuRtpCapabilities;
}
