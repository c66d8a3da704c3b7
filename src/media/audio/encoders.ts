import type { OpusCodec, OpusEncoder, OpusSampleRate } from './opus.ts';

export interface EncoderSettings {
  readonly codec: OpusCodec;
  /** Bits a second. Default 24 000. */
  readonly bitrate?: number;
  /** 0…10. Default 5. */
  readonly complexity?: number;
}

/** One stream's Opus encoders, one for each sample rate that comes, made when it does. */
export class Encoders {
  readonly #settings: EncoderSettings;
  readonly #byRate = new Map<OpusSampleRate, OpusEncoder>();

  constructor(settings: EncoderSettings) {
    this.#settings = settings;
  }

  /** The packet of a frame; valid until the next. */
  encode(samples: Int16Array, sampleRate: OpusSampleRate): Uint8Array {
    return this.#encoderFor(sampleRate).encode(samples);
  }

  /** Forgets the sound so far. */
  reset(): void {
    for (const encoder of this.#byRate.values()) encoder.reset();
  }

  close(): void {
    for (const encoder of this.#byRate.values()) encoder.close();
    this.#byRate.clear();
  }

  #encoderFor(sampleRate: OpusSampleRate): OpusEncoder {
    let encoder = this.#byRate.get(sampleRate);
    if (!encoder) {
      const { codec, bitrate, complexity } = this.#settings;
      encoder = codec.createEncoder({
        sampleRate,
        ...(bitrate !== undefined && { bitrate }),
        ...(complexity !== undefined && { complexity }),
      });
      this.#byRate.set(sampleRate, encoder);
    }
    return encoder;
  }
}
