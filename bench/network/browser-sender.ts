import { Encoder } from '@evan/opus';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../src/media/audio/rtp.ts';

const FRAME_SAMPLES = 960;
/** A frame that says no more than "silence" (RFC 6716, section 3.2.1; so does libwebrtc take it). */
const DTX_BYTES = 2;

export interface SentPacket {
  /** When the sender sends it. */
  readonly atMs: number;
  readonly packet: Uint8Array;
}

export interface SenderOptions {
  /** In-band error correction is dimensioned for so much loss, in percent; 0 sends none. */
  readonly expectedLossPercent: number;
  /** Nothing is sent in silence. Default true. */
  readonly dtx?: boolean;
}

/**
 * Encodes as Chromium does for a call with `opusFec` and `opusDtx`: 48 kHz, 32 kbit/s, complexity 9, and the loss that
 * receiver reports tell. In silence nothing is sent but the first empty frame and, each 400 ms, one of noise.
 * (WebRTC, `modules/audio_coding/codecs/opus/`.)
 */
export function sendAsBrowser(
  sound: Int16Array,
  { expectedLossPercent, dtx = true }: SenderOptions,
): readonly SentPacket[] {
  const encoder = new Encoder({ channels: 1, sample_rate: 48_000, application: 'voip' });
  encoder.bitrate = 32_000;
  encoder.complexity = 9;
  encoder.dtx = dtx;
  encoder.inband_fec = expectedLossPercent > 0;
  encoder.packet_loss = expectedLossPercent;
  const sent: SentPacket[] = [];
  let inDtx = false;
  for (let frame = 0; (frame + 1) * FRAME_SAMPLES <= sound.length; frame++) {
    const payload = encoder.encode(sound.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES));
    const wasInDtx = inDtx;
    inDtx = payload.length <= DTX_BYTES;
    if (inDtx && wasInDtx) continue;
    const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
    writeRtpHeader(packet, wasInDtx, 111, sent.length & 0xffff, frame * FRAME_SAMPLES, 1);
    packet.set(payload, RTP_HEADER_BYTES);
    sent.push({ atMs: frame * 20, packet });
  }
  return sent;
}
