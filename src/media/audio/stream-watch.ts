import { SequenceUnwrapper, TimestampUnwrapper, type RtpHeader } from './rtp.ts';

/** Sequence jumps that are another stream unless the next packet confirms them (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3_000;
const MAX_DISORDER = 100;
/** A packet that is older than the newest by its number and by its time is a late copy, sent after an outage. */
const MAX_AGE_UNITS = 30_000 * 48;

/**
 * - `same`: goes on in the stream.
 * - `other`: another stream begins with it.
 * - `late`: was sent long ago, and comes again.
 * - `doubted`: its number is so far off that the next packet has to confirm it.
 */
type StreamVerdict = 'same' | 'other' | 'late' | 'doubted';

/** Tells whether a packet belongs to the stream that is heard, and gives its numbers without wraps. */
export class StreamWatch {
  readonly #sequences = new SequenceUnwrapper();
  readonly #timestamps = new TimestampUnwrapper();
  #ssrc: number | undefined;
  /** As it stood in the packet with the highest number. */
  #newestTimestamp = 0;
  #doubtedNext = -1;

  /** Whether any stream has been heard. */
  get begun(): boolean {
    return this.#ssrc !== undefined;
  }

  judge(header: RtpHeader): StreamVerdict {
    if (header.ssrc !== this.#ssrc) return 'other';
    const step = this.#sequences.peek(header.sequence) - this.#sequences.highest!;
    if (step < -MAX_DISORDER && this.#isOld(header)) return 'late';
    if (step <= MAX_DROPOUT && step >= -MAX_DISORDER) {
      this.#doubtedNext = -1;
      return 'same';
    }
    if (header.sequence === this.#doubtedNext) return 'other';
    this.#doubtedNext = (header.sequence + 1) & 0xffff;
    return 'doubted';
  }

  /** From now on the stream is the one that this packet is of. */
  begin({ ssrc, timestamp }: RtpHeader): void {
    this.#ssrc = ssrc;
    this.#sequences.reset();
    this.#timestamps.reset();
    this.#newestTimestamp = timestamp;
    this.#doubtedNext = -1;
  }

  /** The number of a packet of the stream; the first stands for itself. */
  sequenceOf({ sequence, timestamp }: RtpHeader): number {
    const { highest = -1 } = this.#sequences;
    const unwrapped = this.#sequences.unwrap(sequence);
    if (unwrapped > highest) this.#newestTimestamp = timestamp;
    return unwrapped;
  }

  /** The media time of a packet of the stream, in RTP units. */
  timestampOf({ timestamp }: RtpHeader): number {
    return this.#timestamps.unwrap(timestamp);
  }

  /**
   * After an outage a sender may send what was lost again, hundreds of packets in a row, between new ones. They are no
   * stream of their own: both their numbers and their times lie behind.
   */
  #isOld({ timestamp }: RtpHeader): boolean {
    // `| 0` takes the difference modulo 2^32, signed.
    const age = (this.#newestTimestamp - timestamp) | 0;
    return age > 0 && age <= MAX_AGE_UNITS;
  }
}
