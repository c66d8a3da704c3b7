/** Length of one frame in 1/48 000 s by the TOC byte's configuration number (RFC 6716, section 3.1, table 2). */
const FRAME_UNITS = new Uint16Array(32);
for (let config = 0; config < 32; config++) {
  if (config < 12) FRAME_UNITS[config] = [480, 960, 1920, 2880][config & 3]!;
  else if (config < 16) FRAME_UNITS[config] = [480, 960][config & 1]!;
  else FRAME_UNITS[config] = [120, 240, 480, 960][config & 3]!;
}

/** The longest packet: 120 ms. */
export const MAX_PACKET_UNITS = 5_760;

/**
 * The length of an Opus packet's sound in units of 1/48 000 s, which are RTP's units for Opus;
 * 0 when `payload` is not an Opus packet (RFC 6716, sections 3.1, 3.2.5 and 3.4).
 */
export function opusPacketUnits(payload: Uint8Array, offset = 0, length = payload.length - offset): number {
  if (length < 1) return 0;
  const toc = payload[offset]!;
  const frame = FRAME_UNITS[toc >> 3]!;
  const code = toc & 3;
  if (code === 0) return frame;
  if (code < 3) return 2 * frame;
  if (length < 2) return 0;
  const units = (payload[offset + 1]! & 0x3f) * frame;
  return units <= MAX_PACKET_UNITS ? units : 0;
}

/**
 * Whether an Opus packet of mono sound carries a copy of the frame before it, for when that one is lost: the flag of
 * low bit-rate redundancy, which stands in the first bits of the packet's first frame (RFC 6716, sections 4.2.3 and
 * 4.2.4). Packets of more than two frames count as having none; browsers send one frame in each.
 */
export function carriesCopy(payload: Uint8Array, offset = 0, length = payload.length - offset): boolean {
  if (length < 2) return false;
  const toc = payload[offset]!;
  const config = toc >> 3;
  // From 16 on the packet is CELT's alone, which has no copies.
  if (config >= 16 || (toc & 3) === 3) return false;
  // Two frames of different lengths: the first one's length comes before it, in one byte or two (section 3.2.1).
  const sized = (toc & 3) === 2 ? (payload[offset + 1]! < 252 ? 1 : 2) : 0;
  if (length < 2 + sized) return false;
  // One flag for the voice in each 20 ms of SILK, then the one that is wanted.
  const voiceFlags = Math.max(1, FRAME_UNITS[config]! / 960);
  return ((payload[offset + 1 + sized]! >> (7 - voiceFlags)) & 1) === 1;
}

/** One byte that says "silence from here": a frame of no length, as an encoder in DTX sends it (RFC 6716, section 3.2.1). */
export function silenceToc(lastToc: number): number {
  return lastToc & 0xfc;
}
