import type { TurnLatency } from '../../../src/media/protocol.ts';

/** How long the replies of a call took, and where the time went. */

/** Replies that are kept. */
const KEPT = 20;

export type LatencyStage = 'final_transcript' | 'endpoint' | 'first_token' | 'first_sentence' | 'first_audio' | 'reply';

/** In the order in which they follow from each other. */
const stages: readonly LatencyStage[] = [
  'final_transcript',
  'endpoint',
  'first_token',
  'first_sentence',
  'first_audio',
  'reply',
];

/** A stage's part of the wait, in milliseconds from the end of the learner's speech. */
export interface LatencyBar {
  readonly stage: LatencyStage;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Adds what is known of a turn to what was known; oldest first. */
export function putLatency(known: readonly TurnLatency[], latency: TurnLatency): readonly TurnLatency[] {
  const at = known.findIndex(({ turn }) => turn === latency.turn);
  if (at === -1) return [...known, latency].slice(-KEPT);
  return known.map((one, index) => (index === at ? { ...one, ...latency } : one));
}

/**
 * The stages in the order in which they were reached; each lasts from the one before it. An answer that was begun on a guess has
 * its first word before the turn was judged over.
 */
export function barsOf(latency: TurnLatency): readonly LatencyBar[] {
  const reached = stages.flatMap((stage) => {
    const toMs = latency[`${stage}_ms`];
    return toMs === undefined ? [] : [{ stage, toMs }];
  });
  const ordered = reached.toSorted((one, other) => one.toMs - other.toMs);
  return ordered.map(({ stage, toMs }, index) => ({ stage, fromMs: ordered[index - 1]?.toMs ?? 0, toMs }));
}
