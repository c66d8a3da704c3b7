import { z } from 'zod';
import { defineSetting } from './settings.ts';

/** Whose midnight and small hours the house goes by: schedules, and the days of figures that name no zone themselves. */
export const timeZoneSetting = defineSetting({
  key: 'house.time_zone',
  schema: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Moscow'),
  fallback: 'Europe/Moscow',
  description: {
    en: 'The time zone of the house: of nightly work, and of the days of figures',
    ru: 'Часовой пояс компании: для ночных работ и для дней в отчётах',
  },
});

/**
 * Those of three letters that both read alike. `Intl` knows more (`IST` as India), PostgreSQL others (as Israel); and it takes
 * `CET`, `EET`, `MET`, `WET` for abbreviations of winter time, where `Intl` has summer time, too.
 */
const SHORT_NAMES: ReadonlySet<string> = new Set('EST GMT HST MST PRC ROC ROK UCT UTC'.split(' '));

/**
 * Whether the name is one of the IANA time zone database, which `Intl` and PostgreSQL both go by. Offsets such as `+03:00`,
 * which `Intl` knows too, are none: PostgreSQL reads them with the sign the other way round.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  if (name.length <= 3 && !SHORT_NAMES.has(name.toUpperCase())) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
