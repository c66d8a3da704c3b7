/** The numbers of a recognition stream. Sizes are of audio: 16 kHz, 32 kB a second. */
export interface RecognitionLimits {
  /** Frames of 20 ms in a message. */
  readonly framesPerMessage: number;
  /** Silence is sent after so long without a message. */
  readonly keepAliveMs: number;
  /** A session is replaced when nobody speaks and it is so old or so full, ... */
  readonly soft: SessionAge;
  /** ... and also amid speech, when it is this. */
  readonly hard: SessionAge;
  /** From opening to a connection. */
  readonly connectDeadlineMs: number;
  /** Speech without a word of the server. */
  readonly stallDeadlineMs: number;
  /** From `endUtterance()` to the final. */
  readonly finalDeadlineMs: number;
  /** Where the service ends utterances: from `endUtterance()` to the final when no word came since the
   *  last end that the service noticed. */
  readonly emptyDeadlineMs: number;
  /** From the final to its refinement, which is then done without. */
  readonly refinementDeadlineMs: number;
  /** From leaving a session amid speech to what it has understood. */
  readonly handOverDeadlineMs: number;
  /** More audio than this that the server has not taken: it would answer too late anyway. */
  readonly maxUnsentMs: number;
}

interface SessionAge {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/**
 * A session may have 5 minutes and 10 MB, and ends after some 5 s without a message.
 * Source: https://yandex.cloud/en/docs/speechkit/concepts/limits
 */
export const RECOGNITION_LIMITS: RecognitionLimits = {
  framesPerMessage: 2,
  keepAliveMs: 1_000,
  soft: { maxAgeMs: 240_000, maxBytes: 8_000_000 },
  hard: { maxAgeMs: 285_000, maxBytes: 9_500_000 },
  connectDeadlineMs: 5_000,
  stallDeadlineMs: 8_000,
  finalDeadlineMs: 5_000,
  emptyDeadlineMs: 1_000,
  refinementDeadlineMs: 400,
  handOverDeadlineMs: 3_000,
  maxUnsentMs: 30_000,
};
