import { randomInt } from 'node:crypto';
import { silenceToc } from './opus-packet.ts';
import type { OpusCodec, OpusEncoder, OpusSampleRate } from './opus.ts';
import {
  encodingRate,
  type PlayoutSegment,
  QueuedSegment,
  type SegmentOptions,
  type SegmentReport,
} from './playout-segment.ts';
import { ResamplerFilter } from './resampler.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from './rtp.ts';

export type { PlayoutSegment, SegmentOptions, SegmentReport } from './playout-segment.ts';

const SLOT_MS = 20;
/** 20 ms of RTP time (RFC 7587, section 4.1). */
const UNITS_PER_SLOT = 960;
const MAX_PACKET_BYTES = 1_500;

export interface SpeakerOptions {
  readonly codec: OpusCodec;
  /** Sends one RTP packet. The buffer is used again: what keeps it must copy it. */
  readonly send: (packet: Buffer) => void;
  readonly ssrc: number;
  readonly payloadType: number;
  /** `room()` waits while this much or more is queued. Default 400. */
  readonly maxQueuedMs?: number;
  /** Bits a second. Default 24 000. */
  readonly bitrate?: number;
  /** 0…10. Default 5. */
  readonly complexity?: number;
  /** First values; random where left out (RFC 3550, section 5.1). */
  readonly firstSequence?: number;
  readonly firstTimestamp?: number;
}

export interface SpeakerStats {
  /** With the one-byte packets that close a talk spurt. */
  readonly packetsSent: number;
  /** How often a segment that was being played had to wait for audio. */
  readonly underruns: number;
}

interface Waiter {
  readonly resolve: () => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/**
 * All of the way out: PCM to paced RTP. Segments play in the order in which they were opened.
 *
 * The packet for a slot is encoded in the slot before, so that sending is only sending. In silence nothing is
 * sent while RTP time goes on with the slots; the first packet after it carries the marker bit (RFC 3551,
 * section 4.1). A talk spurt is closed by one Opus packet of no sound, as an encoder in DTX does: without it the
 * receiver takes the silence for loss and stretches the last sound.
 */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #maxQueuedMs: number;
  readonly #packet = Buffer.alloc(MAX_PACKET_BYTES);
  readonly #encoders = new Map<OpusSampleRate, OpusEncoder>();
  readonly #filters = new Map<number, ResamplerFilter>();
  readonly #segments: QueuedSegment[] = [];
  readonly #waiters = new Set<Waiter>();
  #sequence: number;
  #timestamp: number;
  #lastSlotMs: number | undefined;
  /** Bytes of payload in `#packet`, for the next slot; 0 when nothing is prepared. */
  #preparedBytes = 0;
  #inSpurt = false;
  #preparing = false;
  #paused = false;
  #closed = false;
  #starving = false;
  #packetsSent = 0;
  #underruns = 0;

  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#maxQueuedMs = options.maxQueuedMs ?? 400;
    this.#sequence = options.firstSequence ?? randomInt(0x1_0000);
    this.#timestamp = options.firstTimestamp ?? randomInt(0x1_0000_0000);
  }

  /** @throws AppError `sample_rate_unsupported`. On a closed speaker the segment is stopped from the beginning. */
  openSegment(options: SegmentOptions): PlayoutSegment {
    const segment = new QueuedSegment(options, this.#filterFor(options.sampleRate), this.#prepareIfNone);
    if (this.#closed) segment.finish('stopped');
    else this.#segments.push(segment);
    return segment;
  }

  /**
   * Resolves when less than `maxQueuedMs` is queued, at once if so already; also when the speaker is stopped or closed.
   * @throws the signal's reason when it aborts.
   */
  room(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.#closed || this.queuedMs < this.#maxQueuedMs) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      resolve,
      signal,
      onAbort: () => {
        this.#waiters.delete(waiter);
        reject(signal.reason as Error);
      },
    };
    this.#waiters.add(waiter);
    signal.addEventListener('abort', waiter.onAbort, { once: true });
    return promise;
  }

  /** Sends the packet that was prepared, if any. Every 20 ms, by the pacer (`PacedCall.send`). */
  send(nowMs: number): void {
    this.#advance(nowMs);
    if (this.#closed) return;
    if (this.#preparedBytes === 0 || this.#paused) {
      if (this.#inSpurt) this.#closeSpurt();
      return;
    }
    const segment = this.#segments[0]!;
    this.#transmit(this.#packet, this.#preparedBytes, !this.#inSpurt);
    this.#preparedBytes = 0;
    this.#inSpurt = true;
    segment.sent(nowMs);
    // The listener may have stopped everything.
    if (this.#segments[0] === segment && segment.drained) this.#complete(segment);
  }

  /** Encodes the next packet. In the slot after `send`, by the pacer (`PacedCall.prepare`). */
  prepare(_nowMs: number): void {
    this.#prepareIfNone();
    if (this.#waiters.size > 0 && this.queuedMs < this.#maxQueuedMs) this.#admitWaiters();
  }

  /** Drops all segments and the prepared packet. Returns one report for each segment that was not complete, in order. */
  stop(): readonly SegmentReport[] {
    const stopped = this.#segments.splice(0);
    if (this.#preparedBytes > 0) {
      this.#preparedBytes = 0;
      // It remembers sound that was never heard.
      for (const encoder of this.#encoders.values()) encoder.reset();
    }
    this.#starving = false;
    this.#admitWaiters();
    return stopped.map((segment) => segment.finish('stopped'));
  }

  /** Sends no more sound from the next slot on, and keeps the queue. Idempotent. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on with the first packet that was not sent. Idempotent. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // What was written meanwhile is to leave in the next slot, not in the one after.
    this.#prepareIfNone();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Of all segments; written and not yet sent. */
  get queuedMs(): number {
    let sum = 0;
    for (const segment of this.#segments) sum += segment.queuedMs;
    return sum;
  }

  /** Sound was sent in the last slot, or is ready for the next. */
  get speaking(): boolean {
    return this.#inSpurt || (this.#preparedBytes > 0 && !this.#paused);
  }

  stats(): SpeakerStats {
    return { packetsSent: this.#packetsSent, underruns: this.#underruns };
  }

  /** As `stop()`, for good. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stop();
    for (const encoder of this.#encoders.values()) encoder.close();
    this.#encoders.clear();
  }

  /** Audio that comes into silence is made ready at once, not in the slot after: the answer begins 20 ms earlier. */
  readonly #prepareIfNone = (): void => {
    // A listener that is called from here may write.
    if (this.#preparedBytes > 0 || this.#preparing || this.#paused || this.#closed) return;
    this.#preparing = true;
    try {
      this.#prepare();
    } finally {
      this.#preparing = false;
    }
  };

  #prepare(): void {
    for (let segment = this.#segments[0]; segment; segment = this.#segments[0]) {
      const frame = segment.nextFrame();
      if (frame) {
        this.#starving = false;
        const payload = this.#encoderFor(segment.encodingRate).encode(frame);
        this.#packet.set(payload, RTP_HEADER_BYTES);
        this.#preparedBytes = payload.length;
        return;
      }
      if (!segment.drained) {
        if (segment.state === 'playing' && !this.#starving) this.#underruns++;
        this.#starving = segment.state === 'playing';
        return;
      }
      this.#complete(segment);
    }
  }

  #complete(segment: QueuedSegment): void {
    this.#segments.shift();
    segment.finish('complete');
  }

  /** RTP time is the slots' time, whether anything is sent in them or not. */
  #advance(nowMs: number): void {
    const slots = this.#lastSlotMs === undefined ? 0 : Math.max(1, Math.round((nowMs - this.#lastSlotMs) / SLOT_MS));
    this.#lastSlotMs = nowMs;
    this.#timestamp = (this.#timestamp + slots * UNITS_PER_SLOT) % 0x1_0000_0000;
  }

  #closeSpurt(): void {
    this.#inSpurt = false;
    // While paused the packet waits in the buffer: its first byte says the same as the last one sent.
    const kept = this.#packet[RTP_HEADER_BYTES]!;
    this.#packet[RTP_HEADER_BYTES] = silenceToc(kept);
    this.#transmit(this.#packet, 1, false);
    this.#packet[RTP_HEADER_BYTES] = kept;
  }

  #transmit(packet: Buffer, payloadBytes: number, marker: boolean): void {
    const { payloadType, ssrc, send } = this.#options;
    writeRtpHeader(packet, marker, payloadType, this.#sequence, this.#timestamp, ssrc);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#packetsSent++;
    send(packet.subarray(0, RTP_HEADER_BYTES + payloadBytes));
  }

  #admitWaiters(): void {
    for (const { resolve, signal, onAbort } of this.#waiters) {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }
    this.#waiters.clear();
  }

  #filterFor(sampleRate: number): ResamplerFilter | undefined {
    const target = encodingRate(sampleRate);
    if (target === sampleRate) return undefined;
    let filter = this.#filters.get(sampleRate);
    if (!filter) this.#filters.set(sampleRate, (filter = new ResamplerFilter(sampleRate, target)));
    return filter;
  }

  #encoderFor(sampleRate: OpusSampleRate): OpusEncoder {
    let encoder = this.#encoders.get(sampleRate);
    if (!encoder) {
      const { codec, bitrate, complexity } = this.#options;
      encoder = codec.createEncoder({
        sampleRate,
        ...(bitrate !== undefined && { bitrate }),
        ...(complexity !== undefined && { complexity }),
      });
      this.#encoders.set(sampleRate, encoder);
    }
    return encoder;
  }
}
