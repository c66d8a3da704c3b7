import { useEffect, useState } from 'react';
import { emailProblem, newPasswordProblem } from '../app/entry-rules.ts';
import { useServices } from '../app/services.ts';
import type { Farewell } from '../app/session.ts';
import { useAnswer } from '../app/use-answer.ts';
import { useSubmit } from '../app/use-submit.ts';
import { EmailField, PasswordField } from '../components/entry-fields.tsx';
import { Entry } from '../components/entry.tsx';
import { Field } from '../components/field.tsx';
import { FormAlert } from '../components/form-alert.tsx';
import { Link } from '../components/link.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';
import type { Welcome } from '../api/types.ts';
import { Orb } from './call/orb.tsx';

const REFERRAL_KEY = 'ailingva.referral';

const TITLE = { deleted: 'delete.done', password_changed: 'reset.done' } as const;
const NOTE = { deleted: 'delete.done_note', password_changed: 'reset.done_note' } as const;

export function SignIn(props: {
  readonly mode: 'sign-in' | 'register';
  readonly expired: boolean;
  readonly farewell: Farewell | undefined;
  readonly email: string;
}) {
  const { api, session, router, tabStorage } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [email, setEmail] = useState(props.email);
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const [invitation] = useState(() => tabStorage.read(REFERRAL_KEY) ?? '');
  const [referral, setReferral] = useState(invitation);
  const registering = props.mode === 'register';
  // What cannot be known is not promised.
  const { value: welcome } = useAnswer(api.welcome);
  const gifts = welcome !== undefined && welcome.referral_minutes > 0;
  const invited = invitation !== '' && referral === invitation;

  const emailError = emailProblem(i18n, email);
  const passwordError = registering
    ? newPasswordProblem(i18n, password)
    : password === ''
      ? t('error.password_missing')
      : undefined;

  const { form, onSubmit, tried, working, error, clear } = useSubmit({
    valid: emailError === undefined && passwordError === undefined,
    async send() {
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
    },
  });
  // What was wrong in one form is not in the other.
  useEffect(clear, [props.mode]);

  const farewell = registering ? undefined : props.farewell;
  const title = t(registering ? 'auth.join' : farewell ? TITLE[farewell] : 'auth.welcome_back');
  return (
    <Entry art={<Orb phase="idle" muted={false} readLevel={undefined} />}>
      <form ref={form} className="entry-form" noValidate onSubmit={onSubmit}>
        <PageTitle title={title} />
        {registering && <JoinNote welcome={welcome} />}
        {farewell && (
          <p className="callout good" role="status" data-testid={farewell}>
            {t(NOTE[farewell])}
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
        <EmailField isNew={registering} value={email} onChange={setEmail} error={tried ? emailError : undefined} />
        <PasswordField
          isNew={registering}
          label={t('auth.password')}
          value={password}
          onChange={setPassword}
          error={tried ? passwordError : undefined}
        />
        {registering && (
          <Field
            label={t('auth.referral')}
            optional
            value={referral}
            onChange={setReferral}
            note={t(invited && gifts ? 'auth.invited_note' : 'auth.referral_note')}
            input={{
              name: 'referral_code',
              autoComplete: 'off',
              autoCapitalize: 'none',
              spellCheck: false,
              maxLength: 64,
            }}
          />
        )}
        <FormAlert error={error} />
        <button type="submit" className="button primary wide" aria-disabled={working}>
          {working ? t('auth.working') : t(registering ? 'auth.register' : 'auth.sign_in')}
        </button>
        {!registering && (
          <p className="entry-other">
            <Link to={{ screen: 'forgot-password', email: email.trim() }}>{t('forgot.link')}</Link>
          </p>
        )}
        <p className="entry-other">
          {t(registering ? 'auth.to_sign_in' : 'auth.to_register')}{' '}
          <Link to={{ screen: registering ? 'sign-in' : 'register' }}>
            {t(registering ? 'auth.sign_in' : 'auth.register')}
          </Link>
        </p>
      </form>
    </Entry>
  );
}

/** Its line is there before its words are: the form does not jump. */
function JoinNote({ welcome }: { readonly welcome: Welcome | undefined }) {
  const { t } = useI18n();
  const minutes = welcome?.trial_minutes ?? 0;
  if (welcome !== undefined && minutes === 0) return null;
  return <p className="entry-note">{minutes > 0 ? t('auth.join_note', { minutes, count: minutes }) : '\u00a0'}</p>;
}

/** `?ref=` of an invitation link, kept for this tab until the registration. True when there was one. */
export function keepReferral(search: string, tabStorage: { write(key: string, value: string): void }): boolean {
  const code = new URLSearchParams(search).get('ref')?.trim();
  if (!code) return false;
  tabStorage.write(REFERRAL_KEY, code.slice(0, 64));
  return true;
}
