import { z } from 'zod';

import type { Level } from '../../engine.ts';
import cafe from '../lessons/cafe.json' with { type: 'json' };
import greetings from '../lessons/greetings.json' with { type: 'json' };
import health from '../lessons/health.json' with { type: 'json' };
import interview from '../lessons/interview.json' with { type: 'json' };
import opinions from '../lessons/opinions.json' with { type: 'json' };
import plans from '../lessons/plans.json' with { type: 'json' };
import shopping from '../lessons/shopping.json' with { type: 'json' };
import travel from '../lessons/travel.json' with { type: 'json' };
import work from '../lessons/work.json' with { type: 'json' };

/** Ten sentences about one thing, to be said after the tutor. */
export const lessonSchema = z.strictObject({
  id: z.string().regex(/^[a-z]+(-[a-z]+)*$/u),
  level: z.enum(['beginner', 'intermediate', 'advanced']),
  title: z.string().min(1).max(40),
  /** One sentence of advice, spoken when the lesson begins. */
  tip: z.string().min(1).max(120),
  /** Each is one sentence: what is said in one breath is repeated in one. */
  sentences: z
    .array(
      z
        .string()
        .regex(/^[^.!?]+[.!?]$/u)
        .max(90),
    )
    .length(10),
});

export type Lesson = z.infer<typeof lessonSchema>;

/** In the order in which they are offered: from easy to hard, within a level from common to special. */
export const LESSONS: readonly Lesson[] = z
  .array(lessonSchema)
  .parse([greetings, cafe, shopping, plans, travel, health, work, interview, opinions]);

export function lessonById(id: string): Lesson | undefined {
  return LESSONS.find((lesson) => lesson.id === id);
}

export function firstLesson(level: Level): Lesson {
  // Every level has lessons: the tests see to it.
  return LESSONS.find((lesson) => lesson.level === level) ?? (LESSONS[0] as Lesson);
}

/** The lesson to go on with; after the last one the level begins again. */
export function lessonAfter(lesson: Lesson, level: Level): Lesson {
  return LESSONS[LESSONS.indexOf(lesson) + 1] ?? firstLesson(level);
}
