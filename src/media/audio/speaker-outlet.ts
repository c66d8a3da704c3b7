import type { OpusSampleRate } from './opus-types.ts';

/**
 * Another way to the caller than RTP: it takes frames ahead of time and tells when they were heard. All times are
 * monotonic milliseconds.
 */
export interface SpeakerOutlet {
  /** How many frames it takes in this slot: more than one while little is kept on the other side, none when much is. */
  framesWanted(nowMs: number): number;
  /** 20 ms; the outlet may keep the array, and not change it. */
  write(frame: Int16Array, sampleRate: OpusSampleRate): void;
  /** Nothing follows for now: what is still inside is to come out. */
  flush(): void;
  /** Of the frames that have been heard since it was asked last, in order: when each began to be. */
  framesHeard(nowMs: number): readonly number[];
  /** Nothing is heard until `resume()`; what is on its way stays. */
  pause(): void;
  resume(): void;
  /** What is on its way is never heard; also ends a pause. */
  drop(): void;
}
