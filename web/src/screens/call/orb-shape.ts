import type { VoiceLevel } from '../../call/levels.ts';

/** What the orb shows; more than the call's phases, because a call has a before, too. */
export type OrbPhase = 'idle' | 'connecting' | 'listening' | 'hearing' | 'thinking' | 'speaking' | 'reconnecting';

export type Rgb = readonly [number, number, number];

export interface OrbColors {
  readonly tutor: Rgb;
  readonly learner: Rgb;
  readonly quiet: Rgb;
}

/** Everything that moves smoothly towards its goal, frame by frame. */
export interface OrbMotion {
  readonly color: Rgb;
  /** The same colour away from the light. */
  readonly deep: Rgb;
  readonly shade: Rgb;
  readonly level: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  /** 0…1: how much the outline stirs by itself. */
  readonly stir: number;
  /** Radians; its speed depends on the phase. */
  readonly turn: number;
  readonly strength: number;
}

/** Towards their own warmth or cold: with a common dark they would turn to mud. */
const deepOf: Readonly<Record<keyof OrbColors, Rgb>> = {
  tutor: [6, 92, 96],
  learner: [214, 96, 22],
  quiet: [96, 118, 116],
};

export function restingOrb(colors: OrbColors): OrbMotion {
  return {
    color: colors.tutor,
    deep: deepOf.tutor,
    shade: colors.learner,
    level: 0,
    low: 0,
    middle: 0,
    high: 0,
    stir: 0.3,
    turn: 0,
    strength: 0.8,
  };
}

interface Goal {
  readonly color: keyof OrbColors;
  readonly shade: keyof OrbColors;
  readonly stir: number;
  /** Radians a second. */
  readonly speed: number;
  readonly strength: number;
}

const goals: Readonly<Record<OrbPhase, Goal>> = {
  idle: { color: 'tutor', shade: 'learner', stir: 0.35, speed: 0.25, strength: 1 },
  connecting: { color: 'tutor', shade: 'quiet', stir: 0.2, speed: 0.9, strength: 0.55 },
  listening: { color: 'tutor', shade: 'learner', stir: 0.3, speed: 0.3, strength: 0.85 },
  hearing: { color: 'learner', shade: 'tutor', stir: 0.4, speed: 0.5, strength: 1 },
  thinking: { color: 'tutor', shade: 'learner', stir: 0.85, speed: 1.9, strength: 0.9 },
  speaking: { color: 'tutor', shade: 'learner', stir: 0.45, speed: 0.55, strength: 1 },
  reconnecting: { color: 'quiet', shade: 'quiet', stir: 0.12, speed: 0.15, strength: 0.45 },
};

const towards = (from: number, to: number, share: number): number => from + (to - from) * share;
const mix = (from: Rgb, to: Rgb, share: number): Rgb => [
  towards(from[0], to[0], share),
  towards(from[1], to[1], share),
  towards(from[2], to[2], share),
];

/** One step of `seconds` towards the phase's goal. A voice rises at once and falls slowly, as meters do. */
export function moveOrb(
  motion: OrbMotion,
  phase: OrbPhase,
  voice: VoiceLevel | undefined,
  colors: OrbColors,
  seconds: number,
): OrbMotion {
  const goal = goals[phase];
  const calm = 1 - Math.exp(-seconds * 4);
  const follow = (from: number, to: number): number => towards(from, to, 1 - Math.exp(-seconds * (to > from ? 22 : 7)));
  return {
    color: mix(motion.color, colors[goal.color], calm),
    deep: mix(motion.deep, deepOf[goal.color], calm),
    shade: mix(motion.shade, colors[goal.shade], calm),
    level: follow(motion.level, voice?.level ?? 0),
    low: follow(motion.low, voice?.low ?? 0),
    middle: follow(motion.middle, voice?.middle ?? 0),
    high: follow(motion.high, voice?.high ?? 0),
    stir: towards(motion.stir, goal.stir, calm),
    strength: towards(motion.strength, goal.strength, calm),
    turn: motion.turn + seconds * (goal.speed + motion.level * 0.8),
  };
}

/**
 * Radius of the outline at `angle`, as a share of the resting radius: waves of 2, 3 and 5 periods, lifted by the voice's
 * low, middle and high parts. `layer` shifts the waves, so that layers do not lie on each other.
 */
export function outline(motion: OrbMotion, angle: number, layer: number): number {
  const t = motion.turn + layer * 1.7;
  const base = 0.028 * motion.stir;
  return (
    1 +
    0.1 * motion.level +
    (base + 0.1 * motion.low * motion.level) * Math.sin(2 * angle + t * 1.3) +
    (base * 0.9 + 0.09 * motion.middle * motion.level) * Math.sin(3 * angle - t * 1.7 + layer) +
    (base * 0.5 + 0.07 * motion.high * motion.level) * Math.sin(5 * angle + t * 2.3 + layer * 2)
  );
}
