import { z } from 'zod';
import { defineSetting } from '../../platform/settings.ts';

/** Whether learners are asked for their consent to record at all. A call's consent is kept with the call. */
export const recordingsOffered = defineSetting({
  key: 'recordings.offered',
  schema: z.boolean(),
  fallback: false,
  description: {
    en: 'Learners are asked whether their calls may be recorded',
    ru: 'Учеников спрашивают, можно ли записывать их звонки',
  },
});

/** Days from the end of a part to its deletion, which a nightly job does; 0: kept for good. The learner reads the number before agreeing. */
export const recordingsKeptDays = defineSetting({
  key: 'retention.recording_days',
  schema: z.int().min(0).max(36_500),
  fallback: 90,
  unit: 'days',
  description: {
    en: 'Recordings are deleted so long after the call; 0: never',
    ru: 'Через сколько после звонка удаляются записи; 0: никогда',
  },
});
