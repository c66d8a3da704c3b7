import type { Locale } from 'adminjs';
import { en } from './en.ts';
import { ru } from './ru.ts';

/** Both languages, whole; the browser's choice first, then what was chosen in the panel. */
export const panelLocale: Locale & { readonly detection: object } = {
  language: 'en',
  // Not by the page's own tag, which would be asked before ru-RU is understood as ru.
  detection: { order: ['localStorage', 'navigator'], caches: ['localStorage'] },
  availableLanguages: ['en', 'ru'],
  localeDetection: true,
  translations: { en, ru },
};
