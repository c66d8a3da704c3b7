import { useState } from 'react';
import type { FormEvent } from 'react';
import { describeError } from '../app/error-text.ts';
import { themes } from '../app/preferences.ts';
import { useServices, useStore } from '../app/services.ts';
import { Field } from '../components/field.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { Segments } from '../components/segments.tsx';
import { localeNames, locales, useI18n } from '../i18n/i18n.ts';
import type { User } from '../api/types.ts';
import { languages, levels } from './choices.ts';

export function Settings({ user }: { readonly user: User }) {
  const { api, session, preferences, router } = useServices();
  const theme = useStore(preferences.theme);
  const i18n = useI18n();
  const { t } = i18n;
  const [name, setName] = useState(user.name);
  const [answer, setAnswer] = useState<{ readonly good: boolean; readonly text: string }>();

  async function save(changes: Parameters<typeof api.updateMe>[0]): Promise<void> {
    setAnswer(undefined);
    try {
      session.setUser(await api.updateMe(changes));
      setAnswer({ good: true, text: t('settings.saved') });
    } catch (error) {
      setAnswer({ good: false, text: describeError(i18n, error) });
    }
  }

  function signOut(): void {
    session.leave();
    router.go({ screen: 'sign-in' });
  }

  return (
    <div className="column narrow">
      <PageTitle title={t('settings.title')} />
      <p className="unseen" role="status">
        {answer?.text}
      </p>
      {answer && (
        <p className={answer.good ? 'callout good' : 'callout bad'} aria-hidden="true">
          {answer.text}
        </p>
      )}
      <section className="card" aria-labelledby="settings-you">
        <h2 id="settings-you" className="section-title">
          {t('settings.profile')}
        </h2>
        <form
          className="inline-form"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            void save({ name: name.trim() });
          }}
        >
          <Field
            label={t('settings.name')}
            value={name}
            onChange={setName}
            input={{ autoComplete: 'given-name', maxLength: 80 }}
          />
          <button type="submit" className="button quiet" disabled={name.trim() === user.name}>
            {t('settings.save')}
          </button>
        </form>
      </section>
      <section className="card" aria-labelledby="settings-learning">
        <h2 id="settings-learning" className="section-title">
          {t('settings.learning')}
        </h2>
        <Segments
          label={t('ready.language')}
          value={user.language}
          choices={languages.map((value) => ({ value, label: t(`language.${value}`) }))}
          onChoose={(language) => void save({ language })}
        />
        <Segments
          label={t('ready.level')}
          value={user.level}
          choices={levels.map((value) => ({ value, label: t(`level.${value}`) }))}
          onChoose={(level) => void save({ level })}
        />
      </section>
      <section className="card" aria-labelledby="settings-page">
        <h2 id="settings-page" className="section-title">
          {t('settings.page')}
        </h2>
        <Segments
          label={t('settings.interface_language')}
          value={i18n.locale}
          choices={locales.map((value) => ({ value, label: localeNames[value], lang: value }))}
          onChoose={(locale) => preferences.setLocale(locale)}
        />
        <Segments
          label={t('settings.theme')}
          value={theme}
          choices={themes.map((value) => ({ value, label: t(`settings.theme.${value}`) }))}
          onChoose={(value) => preferences.setTheme(value)}
        />
      </section>
      <section className="card leave">
        <p>{t('settings.signed_in_as', { email: user.email })}</p>
        <button type="button" className="button quiet" onClick={signOut}>
          {t('settings.sign_out')}
        </button>
      </section>
    </div>
  );
}
