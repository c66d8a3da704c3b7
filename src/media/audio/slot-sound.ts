import type { OpusSampleRate } from './opus-types.ts';

/** 20 ms of one side's sound, in the form in which it is there. Arrays belong to whoever hands them out: copy them. */
export type SlotSound =
  /** One Opus packet, of any length. */
  | { readonly kind: 'packet'; readonly packet: Uint8Array }
  | { readonly kind: 'samples'; readonly samples: Int16Array; readonly sampleRate: OpusSampleRate }
  /** Something was there and is lost. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'silence' };
