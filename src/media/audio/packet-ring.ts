import type { RtpHeader } from './rtp.ts';

/** Packets kept at most: 2.5 s of 20 ms packets. A power of two. */
export const RING_SLOTS = 128;
export const LONGEST_PAYLOAD_BYTES = 1_500;
/** Enough for speech at 24 to 64 kbit/s; slots that meet a larger payload grow once. */
const USUAL_PAYLOAD_BYTES = 250;

export interface BufferedPacket {
  /** Unwrapped; -1 when the slot is empty. */
  sequence: number;
  /** The sequence number that was last taken from here, for telling duplicates from late ones. */
  taken: number;
  /** Unwrapped, in RTP units. */
  timestamp: number;
  /** Its length, in RTP units. */
  units: number;
  bytes: Uint8Array;
  length: number;
}

const NOTHING = new Uint8Array(0);

/** Packets by their sequence number, in memory that is used again. */
export class PacketRing {
  readonly #slots: BufferedPacket[] = [];
  #count = 0;
  #units = 0;

  constructor() {
    for (let index = 0; index < RING_SLOTS; index++) {
      this.#slots.push({ sequence: -1, taken: -1, timestamp: 0, units: 0, bytes: NOTHING, length: 0 });
    }
  }

  get count(): number {
    return this.#count;
  }

  /** The length of all packets together, in RTP units. */
  get units(): number {
    return this.#units;
  }

  /** Whether the packet is here, or was and has been taken. */
  has(sequence: number): boolean {
    const slot = this.#slots[sequence & (RING_SLOTS - 1)]!;
    return slot.sequence === sequence || slot.taken === sequence;
  }

  /** Copies a payload in. The caller has seen to it that all packets here lie within `RING_SLOTS` numbers. */
  put(sequence: number, timestamp: number, units: number, packet: Uint8Array, header: RtpHeader): void {
    const { payloadOffset, payloadLength } = header;
    const slot = this.#slots[sequence & (RING_SLOTS - 1)]!;
    if (slot.bytes.length < payloadLength) {
      slot.bytes = new Uint8Array(payloadLength <= USUAL_PAYLOAD_BYTES ? USUAL_PAYLOAD_BYTES : LONGEST_PAYLOAD_BYTES);
    }
    // Byte by byte: for some eighty bytes cheaper than a view and a `set`.
    for (let index = 0; index < payloadLength; index++) slot.bytes[index] = packet[payloadOffset + index]!;
    slot.sequence = sequence;
    slot.timestamp = timestamp;
    slot.units = units;
    slot.length = payloadLength;
    this.#count++;
    this.#units += units;
  }

  /** The first packet at or after `sequence`. There must be one. Loops over missing ones only. */
  first(sequence: number): BufferedPacket {
    for (let number = sequence; ; number++) {
      const slot = this.#slots[number & (RING_SLOTS - 1)]!;
      if (slot.sequence === number) return slot;
    }
  }

  /** Takes a packet out. Its payload stays readable until the slot is used again. */
  take(slot: BufferedPacket): void {
    slot.taken = slot.sequence;
    slot.sequence = -1;
    this.#count--;
    this.#units -= slot.units;
  }

  clear(): void {
    for (const slot of this.#slots) slot.sequence = slot.taken = -1;
    this.#count = 0;
    this.#units = 0;
  }
}
