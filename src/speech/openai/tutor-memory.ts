import { z } from 'zod';

import type { TutorMemory } from '../engine.ts';

const MAX_NOTES = 12;

const schema = z.object({ openai: z.object({ notes: z.array(z.string().max(400)).max(100) }) });

/** What the tutor has noted on the learner; whatever else a memory holds belongs to other tutors and stays. */
export function notesIn(memory: TutorMemory | undefined): readonly string[] {
  const parsed = schema.safeParse(memory);
  return parsed.success ? parsed.data.openai.notes.slice(-MAX_NOTES) : [];
}

export function withNotes(memory: TutorMemory | undefined, notes: readonly string[]): TutorMemory {
  return { ...memory, openai: { notes: notes.slice(-MAX_NOTES) } };
}
