/** The longest run of lacing values in one page (RFC 3533, section 6). */
const MAX_SEGMENTS = 255;
const HEADER_BYTES = 27;
const CAPTURE_PATTERN = 0x4f67_6753;

const FIRST_PAGE = 0x02;
const LAST_PAGE = 0x04;

/** CRC-32 with the polynomial 0x04c11db7, neither reflected nor inverted (RFC 3533, section 6). */
const crcTable = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 0x8000_0000) !== 0 ? (remainder << 1) ^ 0x04c1_1db7 : remainder << 1;
  }
  crcTable[byte] = remainder >>> 0;
}

/** One logical Ogg stream, written as pages (RFC 3533). A packet never crosses pages, so each page stands on its own. */
export class OggWriter {
  readonly #serial: number;
  readonly #lacing = new Uint8Array(MAX_SEGMENTS);
  readonly #packets: Uint8Array[] = [];
  #segments = 0;
  #bytes = 0;
  #sequence = 0;

  constructor({ serial }: { readonly serial: number }) {
    this.#serial = serial;
  }

  /** Whether a packet of this length still fits into the page that is being filled. */
  hasRoomFor(length: number): boolean {
    return this.#segments + segmentsOf(length) <= MAX_SEGMENTS;
  }

  /** Takes the packet into the page; the array must not change until the page is written. */
  add(packet: Uint8Array): void {
    if (!this.hasRoomFor(packet.length)) throw new RangeError('The page is full');
    for (let left = packet.length; left >= 0; left -= 255) this.#lacing[this.#segments++] = Math.min(left, 255);
    this.#packets.push(packet);
    this.#bytes += packet.length;
  }

  /** `granule`: what the last packet of the page ends at. A page without packets is given out too: as the last one. */
  page(granule: number, { last = false }: { readonly last?: boolean } = {}): Buffer {
    const page = Buffer.alloc(HEADER_BYTES + this.#segments + this.#bytes);
    page.writeUInt32BE(CAPTURE_PATTERN, 0);
    page[5] = (this.#sequence === 0 ? FIRST_PAGE : 0) | (last ? LAST_PAGE : 0);
    page.writeBigInt64LE(BigInt(granule), 6);
    page.writeUInt32LE(this.#serial, 14);
    page.writeUInt32LE(this.#sequence, 18);
    page[26] = this.#segments;
    page.set(this.#lacing.subarray(0, this.#segments), HEADER_BYTES);
    let offset = HEADER_BYTES + this.#segments;
    for (const packet of this.#packets) {
      page.set(packet, offset);
      offset += packet.length;
    }
    page.writeUInt32LE(checksum(page), 22);
    this.#sequence += 1;
    this.#segments = 0;
    this.#bytes = 0;
    this.#packets.length = 0;
    return page;
  }
}

function segmentsOf(length: number): number {
  return Math.floor(length / 255) + 1;
}

/** Of a page whose checksum field is zero. */
export function checksum(page: Uint8Array): number {
  let crc = 0;
  for (let index = 0; index < page.length; index++) {
    crc = ((crc << 8) ^ crcTable[((crc >>> 24) ^ page[index]!) & 0xff]!) >>> 0;
  }
  return crc;
}
