import { opusPacketUnits } from '../audio/opus-packet.ts';

/** Opus counts in 48 kHz whatever was recorded (RFC 7845, section 4); 20 ms of it. */
export const UNITS_PER_SLOT = 960;
/** What libopus looks ahead at 48 kHz in its voice mode: the decoder's first samples are not yet sound. */
export const PRE_SKIP_UNITS = 312;

/**
 * 20 ms of digital silence in three bytes: CELT over the full band with its silence flag set (RFC 6716, section 4.3).
 */
export const SILENT_PACKET: Uint8Array = Uint8Array.of(0xf8, 0xff, 0xfe);

/**
 * The identification header (RFC 7845, section 5.1): two channels out of two mono streams. Channel mapping family 1 lets
 * each side be a stream of its own, so that packets that exist already are kept as they are: the left channel (the
 * learner) is the second stream, the right one (the tutor) the first.
 */
export function opusHead(): Buffer {
  const head = Buffer.alloc(23);
  head.write('OpusHead', 0, 'latin1');
  head[8] = 1;
  head[9] = 2;
  head.writeUInt16LE(PRE_SKIP_UNITS, 10);
  head.writeUInt32LE(48_000, 12);
  head.writeInt16LE(0, 16);
  head[18] = 1;
  // Streams, of which coupled, and which stream is left and which is right.
  head.set([2, 0, 1, 0], 19);
  return head;
}

/** The comment header (RFC 7845, section 5.2). It names nobody. */
export function opusTags(): Buffer {
  const vendor = Buffer.from('AIlingva', 'utf8');
  const tags = Buffer.alloc(16 + vendor.length);
  tags.write('OpusTags', 0, 'latin1');
  tags.writeUInt32LE(vendor.length, 8);
  vendor.copy(tags, 12);
  return tags;
}

/** Whether a packet lasts 20 ms, which all streams of a slot must. */
export function fillsSlot(packet: Uint8Array): boolean {
  return opusPacketUnits(packet) === UNITS_PER_SLOT;
}

/** Whether `joinSlot` can take it as the tutor's: one frame, or two, without padding. */
export function isPlain(packet: Uint8Array): boolean {
  return packet.length > 0 && (packet[0]! & 3) !== 3;
}

/**
 * One packet of both streams: all but the last are self-delimiting (RFC 6716, appendix B), that is they carry their
 * last frame's length, too.
 */
export function joinSlot(tutor: Uint8Array, learner: Uint8Array): Uint8Array {
  const head = headBytes(tutor);
  const frame = frameBytes(tutor, head);
  const lengthBytes = frame < 252 ? 1 : 2;
  const joined = new Uint8Array(tutor.length + lengthBytes + learner.length);
  joined.set(tutor.subarray(0, head));
  if (lengthBytes === 1) joined[head] = frame;
  else {
    joined[head] = 252 + (frame & 3);
    joined[head + 1] = (frame - 252 - (frame & 3)) >> 2;
  }
  joined.set(tutor.subarray(head), head + lengthBytes);
  joined.set(learner, tutor.length + lengthBytes);
  return joined;
}

/** The bytes before the frames: the table of contents and, with two frames of their own lengths, the first one's. */
function headBytes(packet: Uint8Array): number {
  if ((packet[0]! & 3) !== 2) return 1;
  return packet[1]! < 252 ? 2 : 3;
}

/** The last frame's length. */
function frameBytes(packet: Uint8Array, head: number): number {
  const rest = packet.length - head;
  switch (packet[0]! & 3) {
    case 0:
      return rest;
    case 1:
      return rest / 2;
    default:
      return rest - (head === 2 ? packet[1]! : packet[2]! * 4 + packet[1]!);
  }
}
