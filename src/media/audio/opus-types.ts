/** The rates that Opus takes and gives directly (RFC 6716, section 2); its RTP clock is 48 kHz whatever they are. */
export type OpusSampleRate = 8_000 | 12_000 | 16_000 | 24_000 | 48_000;

export interface OpusDecoderOptions {
  /** Hz of the samples given out; mono. */
  readonly sampleRate: OpusSampleRate;
}

export interface OpusEncoderOptions {
  /** Hz of the samples taken in; mono. */
  readonly sampleRate: OpusSampleRate;
  /** Bits a second. Default 24 000. */
  readonly bitrate?: number;
  /** 0…10. Default 5. */
  readonly complexity?: number;
  /** What the in-band error correction is dimensioned for, in percent of lost packets; 0 turns it off. Default 10. */
  readonly expectedLossPercent?: number;
}

/** Every array given out is used again by the next call to the same decoder. */
export interface OpusDecoder {
  readonly sampleRate: OpusSampleRate;
  /**
   * One packet to mono samples (2.5 to 120 ms of them).
   * @throws AppError `opus_invalid` when the payload is not Opus.
   */
  decode(payload: Uint8Array): Int16Array;
  /** Exactly `samples` samples in the place of a packet that is lost. A multiple of 2.5 ms. */
  conceal(samples: number): Int16Array;
  /** The same from the in-band copy in `next`, the packet that follows the lost one; conceals where there is none. */
  recover(next: Uint8Array, samples: number): Int16Array;
  /** Forgets the stream; for a new SSRC. */
  reset(): void;
  /** Idempotent. */
  close(): void;
}

export interface OpusEncoder {
  readonly sampleRate: OpusSampleRate;
  /** 20 ms of mono samples to one packet, in an array that the next call uses again. */
  encode(samples: Int16Array): Uint8Array;
  /** Forgets what was encoded before; for audio that does not follow it. */
  reset(): void;
  /** Idempotent. */
  close(): void;
}

/** One way to Opus, loaded once a process. */
export interface OpusCodec {
  readonly name: string;
  /** Whether `conceal` and `recover` are the codec's own; otherwise the last sound is faded out. */
  readonly exactConcealment: boolean;
  createDecoder(options: OpusDecoderOptions): OpusDecoder;
  createEncoder(options: OpusEncoderOptions): OpusEncoder;
}
