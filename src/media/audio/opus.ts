import type { Logger } from '../../platform/log.ts';
import { createAddonCodec } from './opus-addon.ts';
import { createFallbackCodec } from './opus-fallback.ts';
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
  /** Our own addon, built from `native/opus`. Without it, or where it cannot be loaded, @evan/opus serves. */
  readonly addonPath?: string | undefined;
  readonly log?: Logger;
}

/**
 * Loads Opus, once a process: the addon where there is one, else @evan/opus.
 * `OpusCodec.name` and `exactConcealment` say which one it became.
 */
export function loadOpus({ addonPath, log }: OpusOptions = {}): OpusCodec {
  if (addonPath !== undefined) {
    try {
      return createAddonCodec(addonPath);
    } catch (error) {
      log?.warn({ err: error, addonPath }, 'The Opus addon is not there: lost packets will be concealed less well');
    }
  }
  return createFallbackCodec();
}
