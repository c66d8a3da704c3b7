import { useEffect, useRef, useState } from 'react';
import type { FormEvent } from 'react';
import { describeError } from '../app/error-text.ts';
import { useServices } from '../app/services.ts';
import { Field } from '../components/field.tsx';
import { Link } from '../components/link.tsx';
import { Logo } from '../components/logo.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { localeNames, locales, useI18n } from '../i18n/i18n.ts';
import type { Locale } from '../i18n/i18n.ts';
import { Orb } from './call/orb.tsx';

/** As the server's rule: src/accounts/password-policy.ts. */
const SHORTEST_PASSWORD = 10;
const REFERRAL_KEY = 'ailingva.referral';

export function SignIn(props: {
  readonly mode: 'sign-in' | 'register';
  readonly expired: boolean;
  /** The account was deleted just now. */
  readonly deleted: boolean;
  readonly email: string;
}) {
  const { api, session, router, tabStorage, preferences } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [email, setEmail] = useState(props.email);
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const [invitation] = useState(() => tabStorage.read(REFERRAL_KEY) ?? '');
  const [referral, setReferral] = useState(invitation);
  const [working, setWorking] = useState(false);
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const registering = props.mode === 'register';
  const invited = invitation !== '' && referral === invitation;

  useEffect(() => {
    setError(undefined);
    setTried(false);
  }, [props.mode]);

  const passwordLength = Array.from(password).length;
  const emailError =
    email.trim() === ''
      ? t('error.email_missing')
      : /^\S+@\S+\.\S+$/.test(email.trim())
        ? undefined
        : t('error.email_invalid');
  const passwordError =
    password === ''
      ? t('error.password_missing')
      : registering && passwordLength < SHORTEST_PASSWORD
        ? t('error.password_short', {
            missing: SHORTEST_PASSWORD - passwordLength,
            count: SHORTEST_PASSWORD - passwordLength,
          })
        : undefined;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (working) return;
    setTried(true);
    setError(undefined);
    if (emailError ?? passwordError) {
      form.current?.querySelector<HTMLInputElement>(emailError ? 'input[type=email]' : 'input[name=password]')?.focus();
      return;
    }
    setWorking(true);
    try {
      const answer = registering
        ? await api.register({
            email: email.trim(),
            password,
            interface_language: i18n.locale,
            ...(name.trim() === '' ? {} : { name: name.trim() }),
            ...(referral.trim() === '' ? {} : { referral_code: referral.trim() }),
          })
        : await api.login({ email: email.trim(), password });
      tabStorage.write(REFERRAL_KEY, undefined);
      // The place that was asked for before signing in is kept; the forms' own addresses lead to the call.
      const screen = router.route.read().screen;
      if (screen === 'sign-in' || screen === 'register') router.go({ screen: 'call' }, { replace: true });
      session.enter(answer);
    } catch (thrown) {
      setError(describeError(i18n, thrown));
      setWorking(false);
    }
  }

  const deleted = props.deleted && !registering;
  const title = t(registering ? 'auth.join' : deleted ? 'delete.done' : 'auth.welcome_back');
  return (
    <div className="entry">
      <header className="entry-bar">
        <Logo />
        <select
          className="entry-language"
          aria-label={t('settings.interface_language')}
          value={i18n.locale}
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
          <Orb phase="idle" muted={false} readLevel={undefined} />
          <p className="entry-tagline">{t('app.tagline')}</p>
        </div>
        <form ref={form} className="entry-form" noValidate onSubmit={(event) => void submit(event)}>
          <PageTitle title={title} />
          {registering && <p className="entry-note">{t('auth.join_note')}</p>}
          {deleted && (
            <p className="callout good" role="status" data-testid="deleted">
              {t('delete.done_note')}
            </p>
          )}
          {props.expired && <p className="callout">{t('auth.expired')}</p>}
          {registering && (
            <Field
              label={t('auth.name')}
              optional
              value={name}
              onChange={setName}
              input={{ name: 'name', autoComplete: 'given-name', maxLength: 80 }}
            />
          )}
          <Field
            label={t('auth.email')}
            value={email}
            onChange={setEmail}
            error={tried ? emailError : undefined}
            input={{
              type: 'email',
              name: 'email',
              autoComplete: registering ? 'email' : 'username',
              inputMode: 'email',
              autoCapitalize: 'none',
              spellCheck: false,
              required: true,
            }}
          />
          <Field
            label={t('auth.password')}
            value={password}
            onChange={setPassword}
            error={tried ? passwordError : undefined}
            note={registering ? t('auth.password_rule', { count: SHORTEST_PASSWORD }) : undefined}
            input={{
              type: 'password',
              name: 'password',
              autoComplete: registering ? 'new-password' : 'current-password',
              maxLength: 200,
              required: true,
            }}
          />
          {registering && (
            <Field
              label={t('auth.referral')}
              optional
              value={referral}
              onChange={setReferral}
              note={t(invited ? 'auth.invited_note' : 'auth.referral_note')}
              input={{
                name: 'referral_code',
                autoComplete: 'off',
                autoCapitalize: 'none',
                spellCheck: false,
                maxLength: 64,
              }}
            />
          )}
          <div role="alert">{error !== undefined && <p className="callout bad">{error}</p>}</div>
          <button type="submit" className="button primary wide" aria-disabled={working}>
            {working ? t('auth.working') : t(registering ? 'auth.register' : 'auth.sign_in')}
          </button>
          <p className="entry-other">
            {t(registering ? 'auth.to_sign_in' : 'auth.to_register')}{' '}
            <Link to={{ screen: registering ? 'sign-in' : 'register' }}>
              {t(registering ? 'auth.sign_in' : 'auth.register')}
            </Link>
          </p>
        </form>
      </main>
    </div>
  );
}

/** `?ref=` of an invitation link, kept for this tab until the registration. True when there was one. */
export function keepReferral(search: string, tabStorage: { write(key: string, value: string): void }): boolean {
  const code = new URLSearchParams(search).get('ref')?.trim();
  if (!code) return false;
  tabStorage.write(REFERRAL_KEY, code.slice(0, 64));
  return true;
}
