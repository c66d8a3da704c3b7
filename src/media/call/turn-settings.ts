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
  awayAfterMs: 15_000,
  endAfterAwayMs: 60_000,
};
