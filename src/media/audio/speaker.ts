import type { OpusCodec } from './opus.ts';

export interface SpeakerOptions {
  readonly codec: OpusCodec;
  /** Sends one RTP packet. The buffer is used again: what keeps it must copy it. */
  readonly send: (packet: Buffer) => void;
  readonly ssrc: number;
  readonly payloadType: number;
  /** `room()` waits while more than this is queued. Default 400. */
  readonly maxQueuedMs?: number;
  /** Bits a second. Default 24 000. */
  readonly bitrate?: number;
  /** 0…10. Default 5. */
  readonly complexity?: number;
  /** First values; random where left out (RFC 3550, section 5.1). For tests. */
  readonly firstSequence?: number;
  readonly firstTimestamp?: number;
}

export interface SegmentOptions {
  /** Hz, mono: 8000 to 48 000. Rates that Opus does not take are resampled. */
  readonly sampleRate: number;
  /** The segment's first packet was sent, in the slot `nowMs`. */
  readonly onStarted?: (nowMs: number) => void;
  /** Over, one way or another; `complete` in the report says which. Called once. */
  readonly onFinished?: (report: SegmentReport) => void;
}

export interface SegmentReport {
  /** Of its audio, sent to the caller; whole packets, but never more than was written. */
  readonly playedMs: number;
  readonly writtenMs: number;
  /** Ended and played to its end. */
  readonly complete: boolean;
}

/** One stretch of audio: a sentence, an answer. Its last packet is filled up with silence. */
export interface PlayoutSegment {
  /** Any number of samples; the segment owns the array from now on. Ignored after `end()` or `stop()`. */
  write(samples: Int16Array): void;
  /** Nothing more will be written. Idempotent. */
  end(): void;
  readonly writtenMs: number;
  readonly playedMs: number;
  readonly queuedMs: number;
  readonly state: 'waiting' | 'playing' | 'complete' | 'stopped';
  /** The same as `onFinished`; never rejects. */
  readonly finished: Promise<SegmentReport>;
}

/**
 * All of the way out: PCM to paced RTP. Segments play in the order in which they were opened.
 * In silence nothing is sent, while RTP time goes on with the slots.
 */
export class Speaker {
  constructor(_options: SpeakerOptions) {}

  openSegment(_options: SegmentOptions): PlayoutSegment {
    throw new Error('not written yet');
  }

  /**
   * Resolves when less than `maxQueuedMs` is queued, at once if so already; also when the speaker is stopped or closed.
   * @throws the signal's reason when it aborts.
   */
  room(_signal: AbortSignal): Promise<void> {
    throw new Error('not written yet');
  }

  /** Sends the packet that was prepared, if any. Every 20 ms, by the pacer (`PacedCall.send`). */
  send(_nowMs: number): void {}

  /** Encodes the next packet. In the slot after `send`, by the pacer (`PacedCall.prepare`). */
  prepare(_nowMs: number): void {}

  /** Drops all segments and the prepared packet. Returns one report for each segment that was not complete, in order. */
  stop(): readonly SegmentReport[] {
    throw new Error('not written yet');
  }

  /** Sends nothing more from the next slot on, and keeps the queue. Idempotent. */
  pause(): void {}

  /** Goes on with the next packet not yet sent. Idempotent. */
  resume(): void {}

  get paused(): boolean {
    throw new Error('not written yet');
  }

  /** Of all segments. */
  get queuedMs(): number {
    throw new Error('not written yet');
  }

  /** Audio was sent in the last slot, or is ready for the next. */
  get speaking(): boolean {
    throw new Error('not written yet');
  }

  stats(): SpeakerStats {
    throw new Error('not written yet');
  }

  /** As `stop()`, for good. Idempotent. */
  close(): void {}
}

export interface SpeakerStats {
  readonly packetsSent: number;
  /** Slots in which a segment was open and begun but had too little audio. */
  readonly underruns: number;
}
