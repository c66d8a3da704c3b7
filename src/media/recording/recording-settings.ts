import { z } from 'zod';
import { defineSetting } from '../../platform/settings.ts';

/** Whether learners are asked for their consent to record at all. A call's consent is kept with the call. */
export const recordingsOffered = defineSetting({
  key: 'recordings.offered',
  schema: z.boolean(),
  fallback: false,
});

/** Days from the end of a part to its deletion. The learner reads the number before consenting. */
export const recordingsKeptDays = defineSetting({
  key: 'recordings.keep_days',
  schema: z.int().min(1).max(3_650),
  fallback: 30,
});
