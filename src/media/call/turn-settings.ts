/** The numbers of turn-taking, in milliseconds unless the name says otherwise. */
export interface TurnSettings {
  /** Silence after which a turn that sounds finished is answered. */
  readonly minEndpointDelayMs: number;
  /** Silence after which a turn is answered that could be finished, or not. */
  readonly unsureEndpointDelayMs: number;
  /** Silence after which even a turn that broke off in mid-phrase is answered. */
  readonly maxEndpointDelayMs: number;
  /** Silence after which an answer is prepared on the guess that the turn is over. */
  readonly speculateAfterMs: number;
  /** Speech over the tutor's voice that stops the tutor. */
  readonly interruptionSpeechMs: number;
  /** A stopped tutor goes on when no words came within this time. */
  readonly falseInterruptionMs: number;
  /** How often noise may stop one answer; after that only words do. A number, not a time. */
  readonly maxFalseInterruptions: number;
  /** A "yes" over the tutor's last words, no further before their end than this, is an answer to them. */
  readonly answerOverlapMs: number;
  /** Voice of this length that no engine could make words of is answered all the same ("I didn't catch that"). */
  readonly uncaughtSpeechMs: number;
  /** Nothing from the engine that thinks or speaks for so long means that it has failed. */
  readonly engineSilenceMs: number;
  /** Silence after which the tutor asks once whether the learner is there. */
  readonly awayAfterMs: number;
  /** Silence after that question which ends the call. */
  readonly endAfterAwayMs: number;
}

export const defaultTurnSettings: TurnSettings = {
  minEndpointDelayMs: 400,
  unsureEndpointDelayMs: 700,
  maxEndpointDelayMs: 2_500,
  speculateAfterMs: 120,
  interruptionSpeechMs: 200,
  falseInterruptionMs: 1_500,
  maxFalseInterruptions: 2,
  answerOverlapMs: 700,
  uncaughtSpeechMs: 900,
  engineSilenceMs: 12_000,
  awayAfterMs: 15_000,
  endAfterAwayMs: 60_000,
};
