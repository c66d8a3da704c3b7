import type { Locale } from 'adminjs';
import { en } from './en.ts';
import { ru } from './ru.ts';

/** Both languages, whole; the browser's choice first, then what was chosen in the panel. */
export const panelLocale: Locale = {
  language: 'en',
  availableLanguages: ['en', 'ru'],
  localeDetection: true,
  translations: { en, ru },
};
