import { CopyWatch } from './copy-watch.ts';
import { DelayEstimator } from './delay-estimator.ts';
import type { Admission, JitterBufferOptions, JitterStats, Playout } from './jitter-types.ts';
import { carriesCopy, opusPacketUnits } from './opus-packet.ts';
import { type BufferedPacket, LONGEST_PAYLOAD_BYTES, PacketRing, RING_SLOTS } from './packet-ring.ts';
import type { RtpHeader } from './rtp.ts';
import { StreamWatch } from './stream-watch.ts';

/** RTP units in a millisecond and in the 20 ms that are handed out where the length is ours to choose. */
const UNITS_PER_MS = 48;
const FRAME_UNITS = 960;
/** Opus conceals in steps of 2.5 ms. */
const STEP_UNITS = 120;
/** What is buffered beyond this is given up, so that a stall does not delay the whole rest of a call. */
const MAX_BUFFERED_UNITS = 1_000 * UNITS_PER_MS;
/** A jump in media time beyond this, after all that can be explained, is a new timeline. */
const MAX_JUMP_UNITS = 2_000 * UNITS_PER_MS;
const MAX_EXCESS_MS = 3_000;
/** After so much starvation only silence is heard, so the delay may be set anew before the next sound. */
const LOOSE_AFTER_UNITS = 60 * UNITS_PER_MS;
/** Within these the delay is left alone: arrivals and ticks beat against each other. */
const TOO_LONG_UNITS = 15 * UNITS_PER_MS;
const TOO_SHORT_UNITS = -5 * UNITS_PER_MS;

const NOTHING = new Uint8Array(0);

/**
 * Puts packets back in order and on their timeline. No timers: `push` when a packet comes, `pull` when 20 ms
 * are wanted. Sequence gaps are loss, timestamp gaps without one are silence (DTX). What starved for is
 * taken off the next gap, so the timeline keeps real time; a packet that is merely late is still played,
 * and the delay that this adds is taken back in the next silence. While packets with a copy of the one before are
 * lost again and again, all are held back by one packet more, so that the copy is there in time.
 */
export class JitterBuffer {
  readonly #ring = new PacketRing();
  readonly #stream = new StreamWatch();
  readonly #options: JitterBufferOptions;
  readonly #copies = new CopyWatch();
  readonly #out: Playout = { kind: 'silence', units: FRAME_UNITS, payload: NOTHING, restarted: false };
  readonly #counts = { duplicate: 0, late: 0, lost: 0, discarded: 0, resyncs: 0, invalid: 0 };
  #delay: DelayEstimator;
  /** The next sequence number to play, and the highest that came. */
  #expected = 0;
  #newest = -1;
  /** Media time of the next sound to hand out; `undefined` until the first packet has been pulled. */
  #position: number | undefined;
  #starved = 0;
  /** Nothing has been heard for a while: the delay may be changed before the next sound. */
  #loose = false;
  #lastUnits = FRAME_UNITS;
  #restarted = false;
  /** Packets before the head have been found to be lost. */
  #afterLoss = false;

  constructor(options: JitterBufferOptions = {}) {
    this.#options = options;
    this.#delay = new DelayEstimator(options);
  }

  get targetDelayMs(): number {
    return this.#delay.targetMs;
  }

  /** Sound that is there to be played, without gaps. */
  get bufferedMs(): number {
    return this.#ring.units / UNITS_PER_MS;
  }

  get stats(): JitterStats {
    return this.#counts;
  }

  /** Takes one packet; the payload is copied out of `packet`. */
  push(packet: Uint8Array, header: RtpHeader, nowMs: number): Admission {
    const units = opusPacketUnits(packet, header.payloadOffset, header.payloadLength);
    if (units === 0 || header.payloadLength > LONGEST_PAYLOAD_BYTES) {
      this.#counts.invalid++;
      return 'invalid';
    }
    const verdict = this.#stream.judge(header);
    if (verdict === 'late') {
      this.#counts.late++;
      return 'late';
    }
    if (verdict === 'doubted') {
      this.#counts.invalid++;
      return 'doubted';
    }
    if (verdict === 'other') this.#restart(header);

    const sequence = this.#stream.sequenceOf(header) + RING_SLOTS;
    const timestamp = this.#stream.timestampOf(header);
    if (this.#ring.has(sequence)) {
      this.#counts.duplicate++;
      return 'duplicate';
    }
    if (this.#delay.observe(timestamp / UNITS_PER_MS, nowMs)) this.#counts.resyncs++;
    if (sequence < this.#expected) {
      // Before anything has been played, the first packets may still be put before each other.
      if (this.#position !== undefined || this.#newest - sequence >= RING_SLOTS) {
        this.#counts.late++;
        return 'late';
      }
      this.#expected = sequence;
    }
    this.#makeRoom(sequence);
    this.#ring.put(sequence, timestamp, units, packet, header);
    this.#newest = Math.max(this.#newest, sequence);
    return 'stored';
  }

  /**
   * What to play next, in order; the position moves on by what is handed out.
   * `nowMs` is when its first sample is due.
   */
  pull(nowMs: number): Playout {
    const out = this.#out;
    out.payload = NOTHING;
    out.units = FRAME_UNITS;
    out.restarted = false;
    if (this.#ring.count === 0) {
      out.kind = this.#position === undefined ? 'silence' : 'starved';
      if (this.#position !== undefined) this.#starved += FRAME_UNITS;
      return out;
    }
    if (this.#position === undefined) this.#begin();
    else this.#giveUpOldest(nowMs);
    const head = this.#ring.first(this.#expected);
    let missing = head.sequence - this.#expected;
    let gap = head.timestamp - this.#position!;

    if (this.#starved > 0) {
      const kept = missing > 0 ? this.#keptForCopies(head, nowMs) : 0;
      const credit = Math.max(0, Math.min(this.#starved - kept, gap));
      this.#position! += credit;
      gap -= credit;
      this.#loose ||= this.#starved >= LOOSE_AFTER_UNITS;
      this.#starved = 0;
    }
    if (gap > MAX_JUMP_UNITS || gap < -MAX_JUMP_UNITS) {
      this.#counts.resyncs++;
      this.#position = head.timestamp;
      gap = 0;
    }
    if (missing > 0 && (gap <= 0 || gap % STEP_UNITS !== 0)) {
      this.#lose(missing);
      missing = 0;
    }
    if (missing > 0) return this.#fillLoss(out, head, missing, gap);
    if (gap > 0 || this.#loose) {
      const silence = this.#silenceBefore(gap, nowMs);
      if (silence > 0) {
        out.kind = 'silence';
        out.units = silence;
        return out;
      }
    }
    return this.#play(out, head);
  }

  /**
   * How much longer than wanted packets are held back, in ms; negative when too short.
   * Near zero it is only the beat of arrivals against ticks.
   */
  excessDelayMs(nowMs: number): number {
    if (this.#position === undefined) return 0;
    const positionMs = (this.#position + this.#starved) / UNITS_PER_MS;
    const excess = nowMs - this.#delay.fastestMs - this.#delay.targetMs - positionMs;
    // While the buffer still holds sound of an old timeline, the difference says nothing.
    return Math.abs(excess) > MAX_EXCESS_MS ? 0 : excess;
  }

  /** How long packets are held back now, measured from when the fastest would have come. */
  delayMs(nowMs: number): number {
    return this.#position === undefined ? 0 : this.excessDelayMs(nowMs) + this.#delay.targetMs;
  }

  /** Takes a new SSRC or a confirmed new sequence. What was buffered of the old one is dropped. */
  #restart(header: RtpHeader): void {
    if (this.#stream.begun) {
      this.#counts.resyncs++;
      this.#restarted = true;
    }
    this.#stream.begin(header);
    this.#delay = new DelayEstimator({ ...this.#options, initialMs: this.#delay.targetMs });
    this.#ring.clear();
    this.#expected = header.sequence + RING_SLOTS;
    this.#newest = this.#expected - 1;
    this.#position = undefined;
    this.#starved = 0;
    this.#loose = false;
  }

  /** Before the first sound: a silence as long as the wanted delay, from which the timeline begins. */
  #begin(): void {
    const head = this.#ring.first(this.#expected);
    this.#expected = head.sequence;
    this.#position = head.timestamp;
    this.#loose = true;
  }

  /** Silence to hand out before the head, while the delay is free to change: a longer or shorter one than the sender's. */
  #silenceBefore(gap: number, nowMs: number): number {
    const excess = this.excessDelayMs(nowMs) * UNITS_PER_MS;
    if (excess > TOO_LONG_UNITS) {
      const skipped = Math.min(gap, Math.round(excess / FRAME_UNITS) * FRAME_UNITS);
      this.#position! += skipped;
      gap -= skipped;
    } else if (excess < TOO_SHORT_UNITS) {
      // The position stays: this silence is ours.
      return FRAME_UNITS;
    }
    const silence = Math.min(gap, FRAME_UNITS);
    this.#position! += silence;
    // Less than three units are no sample at 16 kHz; a sender of whole Opus frames never leaves any.
    return silence - (silence % 3);
  }

  #fillLoss(out: Playout, head: BufferedPacket, missing: number, gap: number): Playout {
    const frame = this.#lastUnits;
    const last = gap <= frame;
    const copied = carriesCopy(head.bytes, 0, head.length);
    if (copied && missing === 1 && !last) {
      // The sender was silent, and the first packet of its new words is lost: the silence comes first.
      out.kind = 'silence';
      out.units = Math.min(FRAME_UNITS, gap - frame);
      this.#position! += out.units;
      return out;
    }
    out.kind = last && copied ? 'recover' : 'conceal';
    out.units = Math.min(frame, gap);
    if (out.kind === 'recover') out.payload = head.bytes.subarray(0, head.length);
    this.#position! += out.units;
    // With nothing but silence left, the rest of the gap is a matter of timestamps.
    if (last || (missing === 1 && gap > 2 * frame)) this.#lose(missing);
    else if (missing > 1) this.#lose(1);
    return out;
  }

  /** How much of what starved for stays as delay: the copy of what is lost came too late, and is wanted the next time. */
  #keptForCopies(head: BufferedPacket, nowMs: number): number {
    if (!this.#copies.worthWaiting || !carriesCopy(head.bytes, 0, head.length)) return 0;
    const short = -this.excessDelayMs(nowMs) * UNITS_PER_MS;
    return Math.max(0, Math.round(short / FRAME_UNITS)) * FRAME_UNITS;
  }

  #watchCopies(head: BufferedPacket): void {
    if (this.#options.usesCopies === false) return;
    this.#copies.observe(this.#afterLoss && carriesCopy(head.bytes, 0, head.length));
    this.#delay.extraMs = this.#copies.worthWaiting ? head.units / UNITS_PER_MS : 0;
    this.#afterLoss = false;
  }

  #lose(packets: number): void {
    if (packets > 0) this.#afterLoss = true;
    this.#counts.lost += packets;
    this.#expected += packets;
  }

  #play(out: Playout, head: BufferedPacket): Playout {
    this.#watchCopies(head);
    out.kind = 'packet';
    out.units = head.units;
    out.payload = head.bytes.subarray(0, head.length);
    out.restarted = this.#restarted;
    this.#restarted = false;
    this.#position = head.timestamp + head.units;
    this.#lastUnits = head.units;
    this.#loose = false;
    this.#take(head);
    return out;
  }

  #take(head: BufferedPacket): void {
    this.#expected = head.sequence + 1;
    this.#ring.take(head);
  }

  /** Numbers that do not fit beside `sequence` any more are given up. */
  #makeRoom(sequence: number): void {
    while (this.#ring.count > 0 && sequence - this.#expected >= RING_SLOTS)
      this.#giveUp(this.#ring.first(this.#expected));
    if (sequence - this.#expected >= RING_SLOTS) this.#lose(sequence - this.#expected);
  }

  #giveUpOldest(nowMs: number): void {
    if (this.#ring.units <= MAX_BUFFERED_UNITS) return;
    while (this.#ring.units > this.#delay.targetMs * UNITS_PER_MS && this.excessDelayMs(nowMs) > 0) {
      const head = this.#ring.first(this.#expected);
      this.#giveUp(head);
      this.#position = head.timestamp + head.units;
    }
  }

  #giveUp(head: BufferedPacket): void {
    this.#counts.discarded++;
    this.#lose(head.sequence - this.#expected);
    this.#take(head);
  }
}
