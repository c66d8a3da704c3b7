import { AppError } from '../../platform/errors.ts';
import { opusPacketUnits } from './opus-packet.ts';
import type { OpusCodec } from './opus.ts';
import type { VoiceDetector } from './voice-types.ts';

/** TOC bytes by the packet's length in ms (RFC 6716, table 2: SILK, wideband). */
export const TOC = { 10: 8 << 3, 20: 9 << 3, 40: 10 << 3, 60: 11 << 3 } as const;

/** What `conceal` and `recover` of the transparent codec are made of; negative, as no packet is. */
export const CONCEALED = -30_000;
export const RECOVERED = -20_000;

/** In a packet's second byte: it carries a copy of the one before (in SILK's packets of up to 20 ms). */
export const COPY_FLAG = 0x40;

const filled = (units: number, value: number) => new Int16Array(units / 3).fill(value);

/**
 * A codec that hides nothing: a payload is a TOC byte and a number in two bytes, and decodes to samples that are
 * all that number. The number's highest byte may carry the `COPY_FLAG`. What is encoded is kept in `encoded`, and its payload is its place there.
 */
export function createTransparentCodec() {
  const encoded: { readonly sampleRate: number; readonly samples: readonly number[] }[] = [];
  const resets: string[] = [];
  const codec: OpusCodec = {
    name: 'transparent',
    exactConcealment: true,
    createDecoder: ({ sampleRate }) => ({
      sampleRate,
      decode(payload) {
        if (payload[1] === 0xff) throw new AppError({ code: 'opus_invalid', kind: 'invalid', message: 'Broken.' });
        return filled(opusPacketUnits(payload), (((payload[1] ?? 0) & ~COPY_FLAG) << 8) | (payload[2] ?? 0));
      },
      conceal: (samples) => filled(samples * 3, CONCEALED),
      recover: (_next, samples) => filled(samples * 3, RECOVERED),
      reset: () => resets.push('decoder'),
      close: () => {},
    }),
    createEncoder: ({ sampleRate }) => ({
      sampleRate,
      encode(samples) {
        encoded.push({ sampleRate, samples: [...samples] });
        const place = encoded.length - 1;
        return Uint8Array.of(TOC[20], place >> 8, place & 0xff);
      },
      reset: () => resets.push('encoder'),
      close: () => {},
    }),
  };
  return { codec, encoded, resets };
}

/** A detector that never finds anybody. */
export const deafDetector: VoiceDetector = {
  openStream: () => ({ write: () => {}, probability: 0, speaking: false, close: () => {} }),
};
