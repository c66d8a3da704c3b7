import { useRef, useState } from 'react';
import type { FormEvent } from 'react';
import { themes } from '../app/preferences.ts';
import type { ProfileChanges } from '../app/profile-keeper.ts';
import { useServices, useStore } from '../app/services.ts';
import { Field } from '../components/field.tsx';
import { FormAlert } from '../components/form-alert.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { Segments } from '../components/segments.tsx';
import { localeNames, locales, useI18n } from '../i18n/i18n.ts';
import type { User } from '../api/types.ts';
import { languages, levels } from './choices.ts';

type Card = 'profile' | 'learning';

/** What came of the last change, said in the card that it was made in. */
interface Answer {
  readonly card: Card;
  readonly error: unknown;
}

export function Settings({ user }: { readonly user: User }) {
  const { keepProfile, session, preferences, router } = useServices();
  const theme = useStore(preferences.theme);
  const i18n = useI18n();
  const { t } = i18n;
  const [name, setName] = useState(user.name);
  const [answer, setAnswer] = useState<Answer>();
  const saves = useRef(0);

  async function save(card: Card, changes: ProfileChanges): Promise<void> {
    const mine = ++saves.current;
    setAnswer(undefined);
    const error: unknown = await keepProfile(changes).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    // What failed is said, whatever was kept since; that all is kept, only the last answer knows.
    if (error !== undefined) setAnswer({ card, error });
    else if (mine === saves.current) setAnswer((before) => before ?? { card, error });
  }

  function signOut(): void {
    session.leave();
    router.go({ screen: 'sign-in' });
  }

  return (
    <div className="column narrow">
      <PageTitle title={t('settings.title')} />
      <section className="card" aria-labelledby="settings-you">
        <CardHead id="settings-you" title={t('settings.profile')} saved={isSaved(answer, 'profile')} />
        <form
          className="inline-form"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            void save('profile', { name: name.trim() });
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
        {answer?.card === 'profile' && <FormAlert error={answer.error} />}
      </section>
      <section className="card" aria-labelledby="settings-learning">
        <CardHead id="settings-learning" title={t('settings.learning')} saved={isSaved(answer, 'learning')} />
        <Segments
          label={t('ready.language')}
          value={user.language}
          choices={languages.map((value) => ({ value, label: t(`language.${value}`) }))}
          onChoose={(language) => void save('learning', { language })}
        />
        <Segments
          label={t('ready.level')}
          value={user.level}
          choices={levels.map((value) => ({ value, label: t(`level.${value}`) }))}
          onChoose={(level) => void save('learning', { level })}
        />
        {answer?.card === 'learning' && <FormAlert error={answer.error} />}
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

const isSaved = (answer: Answer | undefined, card: Card): boolean =>
  answer?.card === card && answer.error === undefined;

function CardHead(props: { readonly id: string; readonly title: string; readonly saved: boolean }) {
  const { t } = useI18n();
  return (
    <div className="card-head">
      <h2 id={props.id} className="section-title">
        {props.title}
      </h2>
      <span role="status" className="card-saved">
        {props.saved && t('settings.saved')}
      </span>
    </div>
  );
}
