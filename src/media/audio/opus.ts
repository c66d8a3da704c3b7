import type { OpusCodec } from './opus-types.ts';

export type {
  OpusCodec,
  OpusDecoder,
  OpusDecoderOptions,
  OpusEncoder,
  OpusEncoderOptions,
  OpusSampleRate,
} from './opus-types.ts';

export interface OpusOptions {
  /** Our own addon (`native/opus`). Without it, or where it cannot be loaded, @evan/opus serves. */
  readonly addonPath?: string | undefined;
}

/**
 * Loads Opus: the addon where there is one, else @evan/opus.
 * `OpusCodec.name` and `exactConcealment` say which one it became.
 */
export function loadOpus(_options: OpusOptions = {}): OpusCodec {
  throw new Error('not written yet');
}
