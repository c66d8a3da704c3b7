import { randomInt } from 'node:crypto';
import { silenceToc } from './opus-packet.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from './rtp.ts';

const SLOT_MS = 20;
/** 20 ms of RTP time (RFC 7587, section 4.1). */
const UNITS_PER_SLOT = 960;
const MAX_PACKET_BYTES = 1_500;

export interface RtpSenderOptions {
  /** Sends one RTP packet. The buffer is used again: what keeps it must copy it. */
  readonly send: (packet: Buffer) => void;
  readonly ssrc: number;
  readonly payloadType: number;
  /** First values; random where left out (RFC 3550, section 5.1). */
  readonly firstSequence?: number;
  readonly firstTimestamp?: number;
}

/**
 * One RTP stream of Opus packets of 20 ms, with one packet loaded ahead. RTP time goes on with the slots whether anything
 * is sent in them or not; the first packet after a silence carries the marker bit (RFC 3551, section 4.1).
 */
export class RtpSender {
  readonly #options: RtpSenderOptions;
  readonly #packet = Buffer.alloc(MAX_PACKET_BYTES);
  #sequence: number;
  #timestamp: number;
  #lastSlotMs: number | undefined;
  #loadedBytes = 0;
  #inSpurt = false;

  constructor(options: RtpSenderOptions) {
    this.#options = options;
    this.#sequence = options.firstSequence ?? randomInt(0x1_0000);
    this.#timestamp = options.firstTimestamp ?? randomInt(0x1_0000_0000);
  }

  /** Sound was sent in the last slot. */
  get inSpurt(): boolean {
    return this.#inSpurt;
  }

  get loaded(): boolean {
    return this.#loadedBytes > 0;
  }

  /** A new slot has come. */
  advance(nowMs: number): void {
    const slots = this.#lastSlotMs === undefined ? 0 : Math.max(1, Math.round((nowMs - this.#lastSlotMs) / SLOT_MS));
    this.#lastSlotMs = nowMs;
    this.#timestamp = (this.#timestamp + slots * UNITS_PER_SLOT) % 0x1_0000_0000;
  }

  /** Keeps a copy of the payload for the next slot. */
  load(payload: Uint8Array): void {
    this.#packet.set(payload, RTP_HEADER_BYTES);
    this.#loadedBytes = payload.length;
  }

  unload(): void {
    this.#loadedBytes = 0;
  }

  /** Sends what is loaded. The answer is its payload, valid until the next is loaded. */
  sendLoaded(): Uint8Array {
    const payload = this.#packet.subarray(RTP_HEADER_BYTES, RTP_HEADER_BYTES + this.#loadedBytes);
    this.#transmit(this.#loadedBytes, !this.#inSpurt);
    this.#loadedBytes = 0;
    this.#inSpurt = true;
    return payload;
  }

  /**
   * Closes a talk spurt by one Opus packet of no sound, as an encoder in DTX does: without it the receiver takes the
   * silence for loss and stretches the last sound. What is loaded stays.
   */
  closeSpurt(): void {
    this.#inSpurt = false;
    // A loaded packet waits in the buffer: its first byte says the same as the last one sent.
    const kept = this.#packet[RTP_HEADER_BYTES]!;
    this.#packet[RTP_HEADER_BYTES] = silenceToc(kept);
    this.#transmit(1, false);
    this.#packet[RTP_HEADER_BYTES] = kept;
  }

  /** The sound goes another way: no packet tells of the spurt's end. */
  leaveSpurt(): void {
    this.#inSpurt = false;
  }

  #transmit(payloadBytes: number, marker: boolean): void {
    const { payloadType, ssrc, send } = this.#options;
    writeRtpHeader(this.#packet, marker, payloadType, this.#sequence, this.#timestamp, ssrc);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    send(this.#packet.subarray(0, RTP_HEADER_BYTES + payloadBytes));
  }
}
