import { Encoders, type EncoderSettings } from './encoders.ts';
import {
  encodingRate,
  type PlayoutSegment,
  QueuedSegment,
  type SegmentOptions,
  type SegmentReport,
} from './playout-segment.ts';
import { ResamplerFilter } from './resampler.ts';
import { Room } from './room.ts';
import { RtpSender, type RtpSenderOptions } from './rtp-sender.ts';
import type { SlotSound } from './slot-sound.ts';
import type { SpeakerOutlet } from './speaker-outlet.ts';

export type { PlayoutSegment, SegmentOptions, SegmentReport } from './playout-segment.ts';

export interface SpeakerOptions extends RtpSenderOptions, EncoderSettings {
  /** `room()` waits while this much or more is queued. Default 400. */
  readonly maxQueuedMs?: number;
  /** What was sent at `atMs`, or by another way heard from then on. The arrays are used again. */
  readonly onPlayed?: (atMs: number, sound: SlotSound) => void;
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

/**
 * All of the way out: PCM to paced RTP, or by another way (`useOutlet`). Segments play in the order in which they were
 * opened.
 *
 * The packet for a slot is encoded in the slot before, so that sending is only sending. In silence nothing is sent.
 */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #maxQueuedMs: number;
  readonly #rtp: RtpSender;
  readonly #encoders: Encoders;
  readonly #filters = new Map<number, ResamplerFilter>();
  readonly #segments: QueuedSegment[] = [];
  readonly #room = new Room();
  /** Given to the outlet and not yet heard, in order. */
  #airing: AiredFrame[] = [];
  /** Was on its way by an outlet that is gone: to be sent again before all else. */
  #again: AiredFrame[] = [];
  #outlet: SpeakerOutlet | undefined;
  /** For the next slot, as samples. */
  #prepared: AiredFrame | undefined;
  /** Sound has been given to the outlet since it was last flushed. */
  #unflushed = false;
  #preparing = false;
  #paused = false;
  #closed = false;
  #starving = false;
  #packetsSent = 0;
  #underruns = 0;

  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#maxQueuedMs = options.maxQueuedMs ?? 400;
    this.#rtp = new RtpSender(options);
    this.#encoders = new Encoders(options);
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
    return this.#room.wait(signal);
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
    this.#rtp.unload();
    this.#rtp.leaveSpurt();
    this.#unflushed = false;
    this.#outlet = outlet;
    this.#prepareIfNone();
  }

  /** Sends the packet that was prepared, if any. Every 20 ms, by the pacer (`PacedCall.send`). */
  send(nowMs: number): void {
    this.#rtp.advance(nowMs);
    if (this.#closed) return;
    if (this.#outlet) {
      this.#sendByOutlet(this.#outlet, nowMs);
      return;
    }
    const prepared = this.#prepared;
    if (!prepared || this.#paused) {
      if (this.#rtp.inSpurt) {
        this.#rtp.closeSpurt();
        this.#packetsSent++;
      }
      return;
    }
    const { segment } = prepared;
    const packet = this.#rtp.sendLoaded();
    this.#packetsSent++;
    this.#options.onPlayed?.(nowMs, { kind: 'packet', packet });
    this.#prepared = undefined;
    segment.sent();
    segment.heard(nowMs);
    this.#completeDrained();
  }

  /** Encodes the next packet. In the slot after `send`, by the pacer (`PacedCall.prepare`). */
  prepare(_nowMs: number): void {
    this.#prepareIfNone();
    if (this.#room.awaited && this.queuedMs < this.#maxQueuedMs) this.#room.admit();
  }

  /** Drops all segments and the prepared packet. Returns one report for each segment that was not complete, in order. */
  stop(): readonly SegmentReport[] {
    const stopped = this.#segments.splice(0);
    if (this.#airing.length > 0) this.#outlet?.drop();
    this.#airing = [];
    this.#again = [];
    this.#prepared = undefined;
    if (this.#rtp.loaded) {
      this.#rtp.unload();
      // It remembers sound that was never heard.
      this.#encoders.reset();
    }
    this.#starving = false;
    this.#room.admit();
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
    return (
      this.#rtp.inSpurt || this.#unflushed || this.#airing.length > 0 || (this.#prepared !== undefined && !this.#paused)
    );
  }

  stats(): SpeakerStats {
    return { packetsSent: this.#packetsSent, underruns: this.#underruns };
  }

  /** As `stop()`, for good. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stop();
    this.#encoders.close();
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
    this.#rtp.load(this.#encoders.encode(next.samples, next.segment.encodingRate));
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
      this.#unflushed = true;
      outlet.write(frame.samples, frame.segment.encodingRate);
    }
    if (this.#unflushed && !this.#prepared) {
      this.#prepareIfNone();
      if (this.#prepared) return;
      this.#unflushed = false;
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

  #filterFor(sampleRate: number): ResamplerFilter | undefined {
    const target = encodingRate(sampleRate);
    if (target === sampleRate) return undefined;
    let filter = this.#filters.get(sampleRate);
    if (!filter) this.#filters.set(sampleRate, (filter = new ResamplerFilter(sampleRate, target)));
    return filter;
  }
}

function copyOf({ segment, samples }: AiredFrame): AiredFrame {
  return { segment, samples: samples.slice() };
}
