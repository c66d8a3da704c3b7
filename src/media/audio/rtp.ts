/** RTP's fixed header without CSRC and extensions (RFC 3550, section 5.1). */
export const RTP_HEADER_BYTES = 12;

/** What a parse fills in. One object serves any number of packets. */
export interface RtpHeader {
  marker: boolean;
  payloadType: number;
  /** 16 bits. */
  sequence: number;
  /** 32 bits, unsigned. */
  timestamp: number;
  /** 32 bits, unsigned. */
  ssrc: number;
  /** Where the payload stands in the packet, after CSRC and extensions, before padding. */
  payloadOffset: number;
  /** At least 1. */
  payloadLength: number;
}

export type RtpFault = 'too_short' | 'wrong_version' | 'rtcp' | 'truncated' | 'bad_padding' | 'no_payload';

export function createRtpHeader(): RtpHeader {
  return { marker: false, payloadType: 0, sequence: 0, timestamp: 0, ssrc: 0, payloadOffset: 0, payloadLength: 0 };
}

/**
 * Parses an RTP packet (RFC 3550, section 5): skips CSRC and the header extension (RFC 8285, one byte or
 * two, is skipped by its length) and cuts padding off. Never throws and never reads outside of `packet`.
 * Returns what is wrong with it, or `undefined` when `into` has been filled.
 */
export function parseRtp(packet: Uint8Array, into: RtpHeader): RtpFault | undefined {
  const size = packet.length;
  if (size < RTP_HEADER_BYTES) return 'too_short';
  const first = packet[0]!;
  const second = packet[1]!;
  if (first >> 6 !== 2) return 'wrong_version';
  // On one port with RTP, RTCP is told apart by these payload types (RFC 5761, section 4).
  if ((second & 0x7f) >= 64 && (second & 0x7f) <= 95) return 'rtcp';

  let offset = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (offset + 4 > size) return 'truncated';
    offset += 4 + 4 * ((packet[offset + 2]! << 8) | packet[offset + 3]!);
  }
  if (offset > size) return 'truncated';

  let end = size;
  if ((first & 0x20) !== 0) {
    const padding = packet[size - 1]!;
    if (padding === 0 || offset + padding > size) return 'bad_padding';
    end -= padding;
  }
  // Probing for bandwidth sends packets that are padding alone.
  if (end === offset) return 'no_payload';

  into.marker = (second & 0x80) !== 0;
  into.payloadType = second & 0x7f;
  into.sequence = (packet[2]! << 8) | packet[3]!;
  into.timestamp = readUint32(packet, 4);
  into.ssrc = readUint32(packet, 8);
  into.payloadOffset = offset;
  into.payloadLength = end - offset;
  return undefined;
}

/** Writes a fixed header without CSRC, extension or padding. Numbers are cut to their widths. */
export function writeRtpHeader(
  packet: Uint8Array,
  marker: boolean,
  payloadType: number,
  sequence: number,
  timestamp: number,
  ssrc: number,
): void {
  packet[0] = 0x80;
  packet[1] = (marker ? 0x80 : 0) | (payloadType & 0x7f);
  packet[2] = sequence >>> 8;
  packet[3] = sequence;
  writeUint32(packet, 4, timestamp);
  writeUint32(packet, 8, ssrc);
}

/** Makes a 16-bit sequence number one that only grows, by its distance from the highest so far. */
export class SequenceUnwrapper {
  #highest: number | undefined;

  /** The highest unwrapped number so far. */
  get highest(): number | undefined {
    return this.#highest;
  }

  /** Where `sequence` would stand, without moving the highest. The first number stands for itself. */
  peek(sequence: number): number {
    if (this.#highest === undefined) return sequence;
    return this.#highest + (((sequence - this.#highest) << 16) >> 16);
  }

  unwrap(sequence: number): number {
    const unwrapped = this.peek(sequence);
    if (this.#highest === undefined || unwrapped > this.#highest) this.#highest = unwrapped;
    return unwrapped;
  }

  reset(): void {
    this.#highest = undefined;
  }
}

/** Makes a 32-bit timestamp a number without wrap, by its distance from the last one. May go backwards. */
export class TimestampUnwrapper {
  #last: number | undefined;

  unwrap(timestamp: number): number {
    if (this.#last === undefined) return (this.#last = timestamp);
    // `| 0` takes both numbers modulo 2^32; the difference is then signed.
    return (this.#last += ((timestamp | 0) - ((this.#last % 0x1_0000_0000) | 0)) | 0);
  }

  reset(): void {
    this.#last = undefined;
  }
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
