import { chooseLocale } from '../i18n/i18n.ts';
import type { Locale } from '../i18n/i18n.ts';
import type { KeptText } from './storage.ts';
import { createStore } from './value-store.ts';
import type { ValueStore } from './value-store.ts';

export type Theme = 'system' | 'light' | 'dark';
export const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** What this browser, not the account, remembers about the page's looks. */
export interface Preferences {
  readonly locale: ValueStore<Locale>;
  readonly theme: ValueStore<Theme>;
  setLocale(locale: Locale): void;
  setTheme(theme: Theme): void;
}

const LOCALE_KEY = 'ailingva.locale';
// public/first-paint.js reads it too.
const THEME_KEY = 'ailingva.theme';

export function createPreferences(storage: KeptText, document: Document, languages: readonly string[]): Preferences {
  const locale = createStore(chooseLocale(storage.read(LOCALE_KEY), languages));
  const kept = storage.read(THEME_KEY);
  const theme = createStore<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system');

  function apply(): void {
    const root = document.documentElement;
    root.lang = locale.read();
    if (theme.read() === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = theme.read();
  }
  apply();
  return {
    locale,
    theme,
    setLocale(next) {
      storage.write(LOCALE_KEY, next);
      locale.write(next);
      apply();
    },
    setTheme(next) {
      storage.write(THEME_KEY, next === 'system' ? undefined : next);
      theme.write(next);
      apply();
    },
  };
}
