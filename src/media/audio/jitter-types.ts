import type { DelayLimits } from './delay-estimator.ts';

export type Admission = 'stored' | 'late' | 'duplicate' | 'invalid' | 'doubted';

/**
 * What comes next in the stream. One object, filled in anew by every `pull`.
 * - `packet`: decode `payload`.
 * - `recover`: a packet is lost; its sound is in `payload`, which is the one after it and comes again as `packet`.
 * - `conceal`: a packet is lost.
 * - `silence`: the sender sent nothing on purpose, or nothing has come yet.
 * - `starved`: nothing is there, and nobody knows yet whether it is late, lost or silence.
 */
export interface Playout {
  kind: 'packet' | 'recover' | 'conceal' | 'silence' | 'starved';
  /** Its length, in 1/48 000 s. */
  units: number;
  /** Valid until the next call to the buffer. Empty unless `kind` is `packet` or `recover`. */
  payload: Uint8Array;
  /** The stream begins anew: what the decoder remembers belongs to another. */
  restarted: boolean;
}

export interface JitterStats {
  readonly duplicate: number;
  readonly late: number;
  readonly lost: number;
  /** Given up because too much was buffered. */
  readonly discarded: number;
  readonly resyncs: number;
  readonly invalid: number;
}

export interface JitterBufferOptions extends DelayLimits {
  /** The decoder can use the copy of a lost packet in the next: where many are lost, the next is waited for. Default true. */
  readonly usesCopies?: boolean;
}
