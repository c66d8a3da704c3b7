import { z } from 'zod';

import type { Level, TutorMemory } from '../../engine.ts';
import { firstLesson, type Lesson, lessonById } from './lessons.ts';

/** The learner's speed wishes, as rates of the voice. */
export const SLOWEST_RATE = 0.6;
export const FASTEST_RATE = 1.4;

const count = z.int().min(0).max(1_000_000);

/** What was achieved: in this lesson, or in the whole call. */
const scoreSchema = z.strictObject({
  /** Sentences tried and left behind. */
  said: count,
  /** Of them, every word right. */
  perfect: count,
  /** Sum of the best percent of each sentence. */
  percentSum: count,
  skipped: count,
});

const memorySchema = z.strictObject({
  version: z.literal(1),
  lesson: z.string(),
  /** Index of the sentence that is being practised. */
  sentence: z.int().min(0),
  /** `between`: the lesson is over, and the learner was asked whether to go on. */
  phase: z.enum(['drill', 'between']),
  /** Weak attempts at this sentence. */
  tries: count,
  /** The best attempt at this sentence, in percent. */
  best: z.int().min(0).max(100),
  /** The speaking rate the learner wished for. */
  rate: z.number().min(SLOWEST_RATE).max(FASTEST_RATE),
  /** Perfect sentences in a row. */
  streak: count,
  /** Turns in a row in which nothing usable was heard. */
  unclear: count,
  /** Answers given: chooses among the phrasings. */
  answers: count,
  lessonScore: scoreSchema,
  callScore: scoreSchema,
});

export type Score = z.infer<typeof scoreSchema>;
export type DrillMemory = z.infer<typeof memorySchema>;

const NO_SCORE: Score = { said: 0, perfect: 0, percentSum: 0, skipped: 0 };

/** Where in which lesson the learner is. */
export interface Place {
  readonly memory: DrillMemory;
  readonly lesson: Lesson;
  readonly sentence: string;
}

/** Beginners are spoken to a little slower than the voice's own pace. */
const RATE_OF_LEVEL: Readonly<Record<Level, number>> = { beginner: 0.9, intermediate: 1, advanced: 1 };

export function freshMemory(level: Level): DrillMemory {
  return {
    version: 1,
    lesson: firstLesson(level).id,
    sentence: 0,
    phase: 'drill',
    tries: 0,
    best: 0,
    rate: RATE_OF_LEVEL[level],
    streak: 0,
    unclear: 0,
    answers: 0,
    lessonScore: NO_SCORE,
    callScore: NO_SCORE,
  };
}

/** Reads what an earlier answer left; `undefined` for nothing, garbage, or another version's memory. */
export function placeIn(memory: TutorMemory | undefined): Place | undefined {
  const parsed = memorySchema.safeParse(memory);
  if (!parsed.success) return undefined;
  const lesson = lessonById(parsed.data.lesson);
  const sentence = lesson?.sentences[parsed.data.sentence];
  return lesson && sentence !== undefined ? { memory: parsed.data, lesson, sentence } : undefined;
}

export function addToScore(score: Score, percent: number | 'skipped'): Score {
  if (percent === 'skipped') return { ...score, skipped: score.skipped + 1 };
  return {
    ...score,
    said: score.said + 1,
    perfect: score.perfect + (percent === 100 ? 1 : 0),
    percentSum: score.percentSum + percent,
  };
}

/** The mean of the sentences tried, in whole percent; `undefined` before the first. */
export function averagePercent({ said, percentSum }: Score): number | undefined {
  return said === 0 ? undefined : Math.round(percentSum / said);
}

/** The same place with a new lesson at its start. */
export function enterLesson(memory: DrillMemory, lesson: Lesson): DrillMemory {
  return {
    ...memory,
    lesson: lesson.id,
    sentence: 0,
    phase: 'drill',
    tries: 0,
    best: 0,
    unclear: 0,
    lessonScore: NO_SCORE,
  };
}
