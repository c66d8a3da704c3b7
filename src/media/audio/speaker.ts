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
import type { SlotSound } from './slot-sound.ts';
import type { SpeakerOutlet } from './speaker-outlet.ts';

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
  /** What was sent at `atMs`, or by another way heard from then on. The arrays are used again. */
  readonly onPlayed?: (atMs: number, sound: SlotSound) => void;
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

/** 20 ms of a segment on their way to the caller. */
interface AiredFrame {
  readonly segment: QueuedSegment;
  readonly samples: Int16Array;
}

interface Waiter {
  readonly resolve: () => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/**
 * All of the way out: PCM to paced RTP, or by another way (`useOutlet`). Segments play in the order in which they were
 * opened.
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
  /** Given to the outlet and not yet heard, in order. */
  #airing: AiredFrame[] = [];
  /** Was on its way by an outlet that is gone: to be sent again before all else. */
  #again: AiredFrame[] = [];
  #outlet: SpeakerOutlet | undefined;
  /** For the next slot, as samples. */
  #prepared: AiredFrame | undefined;
  #sequence: number;
  #timestamp: number;
  #lastSlotMs: number | undefined;
  /** Bytes of payload in `#packet`, for the next slot; 0 when nothing is prepared, or not for RTP. */
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

  /** From now on by this way, or by RTP again. What was on its way and not heard goes again. */
  useOutlet(outlet: SpeakerOutlet | undefined, nowMs: number): void {
    if (outlet === this.#outlet || this.#closed) return;
    if (this.#outlet) this.#hearAired(this.#outlet, nowMs);
    const prepared = this.#prepared ? [copyOf(this.#prepared)] : [];
    for (const { segment } of this.#airing) segment.takeBack();
    this.#again = [...this.#airing, ...prepared, ...this.#again];
    this.#airing = [];
    this.#prepared = undefined;
    this.#preparedBytes = 0;
    this.#inSpurt = false;
    this.#outlet = outlet;
    this.#prepareIfNone();
  }

  /** Sends the packet that was prepared, if any. Every 20 ms, by the pacer (`PacedCall.send`). */
  send(nowMs: number): void {
    this.#advance(nowMs);
    if (this.#closed) return;
    if (this.#outlet) {
      this.#sendByOutlet(this.#outlet, nowMs);
      return;
    }
    const prepared = this.#prepared;
    if (!prepared || this.#paused) {
      if (this.#inSpurt) this.#closeSpurt();
      return;
    }
    const { segment } = prepared;
    this.#transmit(this.#packet, this.#preparedBytes, !this.#inSpurt);
    this.#options.onPlayed?.(nowMs, { kind: 'packet', packet: this.#payload(this.#preparedBytes) });
    this.#preparedBytes = 0;
    this.#prepared = undefined;
    this.#inSpurt = true;
    segment.sent();
    segment.heard(nowMs);
    this.#completeDrained();
  }

  /** Encodes the next packet. In the slot after `send`, by the pacer (`PacedCall.prepare`). */
  prepare(_nowMs: number): void {
    this.#prepareIfNone();
    if (this.#waiters.size > 0 && this.queuedMs < this.#maxQueuedMs) this.#admitWaiters();
  }

  /** Drops all segments and the prepared packet. Returns one report for each segment that was not complete, in order. */
  stop(): readonly SegmentReport[] {
    const stopped = this.#segments.splice(0);
    if (this.#airing.length > 0) this.#outlet?.drop();
    this.#airing = [];
    this.#again = [];
    this.#prepared = undefined;
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
    if (this.#paused) return;
    this.#paused = true;
    if (this.#airing.length > 0) this.#outlet?.pause();
  }

  /** Goes on with the first packet that was not sent. Idempotent. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#outlet?.resume();
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
    return this.#inSpurt || this.#airing.length > 0 || (this.#prepared !== undefined && !this.#paused);
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
    if (this.#prepared || this.#preparing || this.#paused || this.#closed) return;
    this.#preparing = true;
    try {
      this.#prepare();
    } finally {
      this.#preparing = false;
    }
  };

  #prepare(): void {
    const next = this.#again.shift() ?? this.#nextFrame();
    this.#prepared = next;
    if (!next || this.#outlet) return;
    const payload = this.#encoderFor(next.segment.encodingRate).encode(next.samples);
    this.#packet.set(payload, RTP_HEADER_BYTES);
    this.#preparedBytes = payload.length;
  }

  #nextFrame(): AiredFrame | undefined {
    this.#completeDrained();
    for (const segment of this.#segments) {
      const samples = segment.nextFrame();
      if (samples) {
        this.#starving = false;
        return { segment, samples };
      }
      if (segment.drained) continue;
      if (segment.state === 'playing' && !this.#starving) this.#underruns++;
      this.#starving = segment.state === 'playing';
      return undefined;
    }
    this.#completeDrained();
    return undefined;
  }

  #sendByOutlet(outlet: SpeakerOutlet, nowMs: number): void {
    this.#hearAired(outlet, nowMs);
    if (this.#paused) return;
    for (let wanted = outlet.framesWanted(nowMs); wanted > 0; wanted--) {
      this.#prepareIfNone();
      const prepared = this.#prepared;
      if (!prepared) break;
      // The segment uses its array again before this is heard.
      const frame = copyOf(prepared);
      this.#prepared = undefined;
      this.#airing.push(frame);
      frame.segment.sent();
      this.#packetsSent++;
      this.#inSpurt = true;
      outlet.write(frame.samples, frame.segment.encodingRate);
    }
    if (this.#inSpurt && !this.#prepared) {
      this.#prepareIfNone();
      if (this.#prepared) return;
      this.#inSpurt = false;
      outlet.flush();
    }
  }

  #hearAired(outlet: SpeakerOutlet, nowMs: number): void {
    for (const atMs of outlet.framesHeard(nowMs)) {
      const frame = this.#airing.shift();
      // A listener may have stopped everything.
      if (!frame) return;
      const { segment, samples } = frame;
      this.#options.onPlayed?.(atMs, { kind: 'samples', samples, sampleRate: segment.encodingRate });
      segment.heard(nowMs);
      this.#completeDrained();
    }
  }

  /** A frame of it is ready and was not sent. */
  #holds(segment: QueuedSegment): boolean {
    return this.#prepared?.segment === segment || this.#again.some((frame) => frame.segment === segment);
  }

  /** In order: one that is over waits for those before it. */
  #completeDrained(): void {
    for (let segment = this.#segments[0]; segment; segment = this.#segments[0]) {
      if (!segment.drained || segment.framesInAir > 0 || this.#holds(segment)) return;
      this.#segments.shift();
      segment.finish('complete');
    }
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

  #payload(bytes: number): Uint8Array {
    return this.#packet.subarray(RTP_HEADER_BYTES, RTP_HEADER_BYTES + bytes);
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

function copyOf({ segment, samples }: AiredFrame): AiredFrame {
  return { segment, samples: samples.slice() };
}
