import { useCallback, useState } from 'react';
import { errorCode } from '../api/api-error.ts';
import { newPasswordProblem } from '../app/entry-rules.ts';
import { useServices } from '../app/services.ts';
import { useAnswer } from '../app/use-answer.ts';
import { useSubmit } from '../app/use-submit.ts';
import { PasswordField } from '../components/entry-fields.tsx';
import { Entry } from '../components/entry.tsx';
import { FormAlert } from '../components/form-alert.tsx';
import { WarningIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';
import { Orb } from './call/orb.tsx';

type Refusal = 'expired' | 'used' | 'invalid' | 'blocked';

const REFUSAL_OF_CODE: Readonly<Record<string, Refusal>> = {
  reset_token_expired: 'expired',
  reset_token_used: 'used',
  reset_token_invalid: 'invalid',
  // A token that is too long or not there at all.
  request_invalid: 'invalid',
  account_blocked: 'blocked',
};

/** Where the link of the letter to whoever forgot their password leads. Whether it is good is asked before anything is typed. */
export function ResetPassword({ token }: { readonly token: string }) {
  const { api } = useServices();
  const check = useCallback(async (): Promise<true> => {
    await api.checkReset(token);
    return true;
  }, [api, token]);
  const { value: good, error } = useAnswer(check);
  const [refused, setRefused] = useState<Refusal>();
  const refusal = refused ?? refusalOf(error);
  return (
    <Entry art={<Orb phase="idle" muted={false} readLevel={undefined} />}>
      {refusal !== undefined ? (
        <Refused refusal={refusal} />
      ) : good === undefined && error === undefined ? (
        <div className="entry-form">
          <Loading />
        </div>
      ) : (
        // Also when nobody answered whether the link is good: sending tells.
        <NewPasswordForm token={token} onRefused={setRefused} />
      )}
    </Entry>
  );
}

function NewPasswordForm(props: { readonly token: string; readonly onRefused: (refusal: Refusal) => void }) {
  const { api, session, router } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [password, setPassword] = useState('');
  const problem = newPasswordProblem(i18n, password);
  const { form, onSubmit, tried, working, error } = useSubmit({
    valid: problem === undefined,
    async send() {
      try {
        await api.resetPassword({ token: props.token, password });
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (refusal === undefined) throw thrown;
        props.onRefused(refusal);
        return;
      }
      // Whoever is signed in here is so no more.
      session.leave('password_changed');
      router.go({ screen: 'sign-in' }, { replace: true });
    },
  });
  return (
    <form ref={form} className="entry-form" noValidate onSubmit={onSubmit}>
      <PageTitle title={t('reset.title')} />
      <p className="entry-note">{t('reset.note')}</p>
      <PasswordField
        isNew
        label={t('reset.password')}
        value={password}
        onChange={setPassword}
        error={tried ? problem : undefined}
      />
      <FormAlert error={error} />
      <button type="submit" className="button primary wide" aria-disabled={working}>
        {t(working ? 'auth.working' : 'reset.save')}
      </button>
    </form>
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

/** Undefined when the link is not what was wrong. */
function refusalOf(error: unknown): Refusal | undefined {
  return error === undefined ? undefined : REFUSAL_OF_CODE[errorCode(error)];
}
