import type { ReactNode } from 'react';
import { useServices } from '../app/services.ts';
import { localeNames, locales, useI18n } from '../i18n/i18n.ts';
import type { Locale } from '../i18n/i18n.ts';
import { Logo } from './logo.tsx';

/** What stands around the forms of whoever is not signed in. */
export function Entry(props: { readonly art: ReactNode; readonly children: ReactNode }) {
  const { preferences } = useServices();
  const { t, locale: current } = useI18n();
  return (
    <div className="entry">
      <header className="entry-bar">
        <Logo />
        <select
          className="entry-language"
          aria-label={t('settings.interface_language')}
          value={current}
          onChange={(event) => preferences.setLocale(event.target.value as Locale)}
        >
          {locales.map((locale) => (
            <option key={locale} value={locale} lang={locale}>
              {localeNames[locale]}
            </option>
          ))}
        </select>
      </header>
      <main id="content" className="entry-main">
        <div className="entry-art">
          {props.art}
          <p className="entry-tagline">{t('app.tagline')}</p>
        </div>
        {props.children}
      </main>
    </div>
  );
}
