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

/** As `--paper` in styles/tokens.css: what the browser's own bars take. */
const PAPER = { light: '#f1f6f5', dark: '#0b1516' } as const;

export function createPreferences(storage: KeptText, document: Document, languages: readonly string[]): Preferences {
  const locale = createStore(chooseLocale(storage.read(LOCALE_KEY), languages));
  const kept = storage.read(THEME_KEY);
  const theme = createStore<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system');

  function apply(): void {
    const root = document.documentElement;
    root.lang = locale.read();
    if (theme.read() === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = theme.read();
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
      const systems = meta.media.includes('dark') ? 'dark' : 'light';
      const chosen = theme.read();
      meta.content = PAPER[chosen === 'system' ? systems : chosen];
    }
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
