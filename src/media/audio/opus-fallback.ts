import { Decoder, Encoder } from '@evan/opus';
import { AppError } from '../../platform/errors.ts';
import type { OpusCodec, OpusDecoder, OpusEncoder } from './opus-types.ts';

/** How much of the last sound is left after each concealed frame. */
const FADE = 0.5;

/**
 * Opus by @evan/opus, which is prebuilt for every platform but gives no access to concealment and in-band
 * error correction: a lost frame repeats the last one, fading.
 */
export function createFallbackCodec(): OpusCodec {
  return {
    name: '@evan/opus',
    exactConcealment: false,
    createDecoder({ sampleRate }): OpusDecoder {
      const decoder = new Decoder({ channels: 1, sample_rate: sampleRate });
      // 120 ms, the longest packet; what was decoded last stands at the front.
      const sound = new Int16Array((sampleRate * 120) / 1_000);
      let length = 0;
      const conceal = (samples: number): Int16Array => {
        const repeated = Math.max(1, length);
        for (let index = 0; index < samples; index++) sound[index] = sound[index % repeated]! * FADE;
        length = samples;
        return sound.subarray(0, samples);
      };
      return {
        sampleRate,
        decode(payload) {
          try {
            const bytes = decoder.decode(payload);
            length = Math.min(sound.length, bytes.byteLength >> 1);
            const samples = new Int16Array(bytes.buffer, bytes.byteOffset, length);
            sound.set(samples);
            return samples;
          } catch (error) {
            throw invalid(error);
          }
        },
        conceal,
        recover: (_next, samples) => conceal(samples),
        reset() {
          decoder.reset();
          length = 0;
        },
        close() {
          length = 0;
        },
      };
    },
    createEncoder({ sampleRate, bitrate = 24_000, complexity = 5, expectedLossPercent = 10 }): OpusEncoder {
      const encoder = new Encoder({ channels: 1, sample_rate: sampleRate, application: 'voip' });
      encoder.bitrate = bitrate;
      // The package's own type is the list of values; any number in 0…10 is one of them.
      encoder.complexity = complexity as typeof encoder.complexity;
      encoder.inband_fec = expectedLossPercent > 0;
      encoder.packet_loss = expectedLossPercent;
      encoder.signal = 'voice';
      return {
        sampleRate,
        encode: (samples) => encoder.encode(samples),
        reset: () => encoder.reset(),
        close() {},
      };
    },
  };
}

/** The error of every decoder for a payload that is not Opus. */
export function invalid(cause: unknown): AppError {
  return new AppError({ code: 'opus_invalid', kind: 'invalid', message: 'The payload is not Opus.', cause });
}
