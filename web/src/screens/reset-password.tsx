import { useRef, useState } from 'react';
import type { FormEvent } from 'react';
import { errorCode } from '../api/api-error.ts';
import { newPasswordProblem, SHORTEST_PASSWORD } from '../app/entry-rules.ts';
import { describeError } from '../app/error-text.ts';
import { useServices } from '../app/services.ts';
import { Entry } from '../components/entry.tsx';
import { Field } from '../components/field.tsx';
import { WarningIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';
import { Orb } from './call/orb.tsx';

type Refusal = 'expired' | 'used' | 'invalid' | 'blocked';

const REFUSAL_OF_CODE: Readonly<Record<string, Refusal>> = {
  reset_token_expired: 'expired',
  reset_token_used: 'used',
  reset_token_invalid: 'invalid',
  // A token that is too long.
  request_invalid: 'invalid',
  account_blocked: 'blocked',
};

/** Where the link of the letter to whoever forgot their password leads. */
export function ResetPassword({ token }: { readonly token: string }) {
  const { api, session, router } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [password, setPassword] = useState('');
  const [working, setWorking] = useState(false);
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<unknown>();
  const form = useRef<HTMLFormElement>(null);
  const problem = newPasswordProblem(i18n, password);
  const refusal = token === '' ? 'invalid' : error === undefined ? undefined : REFUSAL_OF_CODE[errorCode(error)];

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (working) return;
    setTried(true);
    setError(undefined);
    if (problem !== undefined) {
      form.current?.querySelector<HTMLInputElement>('input[name=password]')?.focus();
      return;
    }
    setWorking(true);
    try {
      await api.resetPassword({ token, password });
    } catch (thrown) {
      setError(thrown);
      setWorking(false);
      return;
    }
    // Whoever is signed in here is so no more.
    session.leave('password_changed');
    router.go({ screen: 'sign-in' }, { replace: true });
  }

  return (
    <Entry art={<Orb phase="idle" muted={false} readLevel={undefined} />}>
      {refusal === undefined ? (
        <form ref={form} className="entry-form" noValidate onSubmit={(event) => void submit(event)}>
          <PageTitle title={t('reset.title')} />
          <p className="entry-note">{t('reset.note')}</p>
          <Field
            label={t('reset.password')}
            value={password}
            onChange={setPassword}
            error={tried ? problem : undefined}
            note={t('auth.password_rule', { count: SHORTEST_PASSWORD })}
            input={{ type: 'password', name: 'password', autoComplete: 'new-password', maxLength: 200, required: true }}
          />
          <div role="alert">{error !== undefined && <p className="callout bad">{describeError(i18n, error)}</p>}</div>
          <button type="submit" className="button primary wide" aria-disabled={working}>
            {t(working ? 'auth.working' : 'reset.save')}
          </button>
        </form>
      ) : (
        <Refused refusal={refusal} />
      )}
    </Entry>
  );
}

function Refused({ refusal }: { readonly refusal: Refusal }) {
  const { t } = useI18n();
  return (
    <div className="entry-form" data-testid="reset-refused" data-refusal={refusal}>
      <span className="moment-icon entry-icon" data-tone="bad">
        <WarningIcon size={36} />
      </span>
      <PageTitle title={t(`reset.${refusal}.title`)} />
      <p className="entry-note">{t(`reset.${refusal}.what`)}</p>
      {refusal !== 'blocked' && (
        <Link to={{ screen: 'forgot-password' }} className="button primary wide">
          {t('reset.ask_again')}
        </Link>
      )}
      <p className="entry-other">
        <Link to={{ screen: 'sign-in' }}>{t('forgot.back')}</Link>
      </p>
    </div>
  );
}
