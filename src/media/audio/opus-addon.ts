import { createRequire } from 'node:module';
import { AppError } from '../../platform/errors.ts';
import { invalid } from './opus-fallback.ts';
import type { OpusCodec, OpusDecoder, OpusEncoder } from './opus-types.ts';

/** What `native/opus/opus-addon.c` gives out. */
interface OpusAddon {
  encoderCreate(sampleRate: number, bitrate: number, complexity: number, lossPercent: number): Coder;
  encode(encoder: Coder, samples: Int16Array, out: Uint8Array): number;
  decoderCreate(sampleRate: number): Coder;
  decode(decoder: Coder, packet: Uint8Array | null, out: Int16Array, samples: number, recover: boolean): number;
  reset(coder: Coder): void;
  destroy(coder: Coder): void;
  version(): string;
}

/** Opaque; made and read by the addon only. */
type Coder = object;

/** RFC 6716, section 3.4: no packet of one frame is larger; neither is one of ours. */
const MAX_PACKET_BYTES = 1_276;

/**
 * Opus by our own addon over libopus.
 * @throws AppError `opus_addon_unusable` when the file is missing, or not the addon, or made for another machine.
 */
export function createAddonCodec(addonPath: string): OpusCodec {
  const addon = load(addonPath);
  return {
    name: addon.version(),
    exactConcealment: true,
    createDecoder({ sampleRate }): OpusDecoder {
      const decoder = addon.decoderCreate(sampleRate);
      const out = new Int16Array((sampleRate * 120) / 1_000);
      const usual = out.subarray(0, sampleRate / 50);
      const part = (samples: number) => (samples === usual.length ? usual : out.subarray(0, samples));
      const run = (packet: Uint8Array | null, samples: number, recover: boolean): Int16Array => {
        try {
          return part(addon.decode(decoder, packet, out, samples, recover));
        } catch (error) {
          throw invalid(error);
        }
      };
      return {
        sampleRate,
        decode: (payload) => run(payload, out.length, false),
        conceal: (samples) => run(null, samples, false),
        // Where `next` has no copy, or one of another length, libopus conceals by itself.
        recover: (next, samples) => run(next, samples, true),
        reset: () => addon.reset(decoder),
        close: () => addon.destroy(decoder),
      };
    },
    createEncoder({ sampleRate, bitrate = 24_000, complexity = 5, expectedLossPercent = 10 }): OpusEncoder {
      const encoder = addon.encoderCreate(sampleRate, bitrate, complexity, expectedLossPercent);
      const out = new Uint8Array(MAX_PACKET_BYTES);
      return {
        sampleRate,
        encode: (samples) => out.subarray(0, addon.encode(encoder, samples, out)),
        reset: () => addon.reset(encoder),
        close: () => addon.destroy(encoder),
      };
    },
  };
}

function load(addonPath: string): OpusAddon {
  try {
    const addon = createRequire(import.meta.url)(addonPath) as OpusAddon;
    if (typeof addon.version !== 'function') throw new Error('not the addon');
    return addon;
  } catch (error) {
    throw new AppError({
      code: 'opus_addon_unusable',
      kind: 'unavailable',
      message: 'The Opus addon could not be loaded.',
      details: { addonPath },
      cause: error,
    });
  }
}
