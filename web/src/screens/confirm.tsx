import { useCallback, useEffect } from 'react';
import type { ReactNode } from 'react';
import { errorCode } from '../api/api-error.ts';
import { describeError } from '../app/error-text.ts';
import { useServices } from '../app/services.ts';
import { useAnswer } from '../app/use-answer.ts';
import { CheckIcon, MailIcon, WarningIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { Logo } from '../components/logo.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { SendConfirmation } from '../components/send-confirmation.tsx';
import { useI18n } from '../i18n/i18n.ts';
import type { User } from '../api/types.ts';

type Outcome = 'confirmed' | 'already' | 'expired' | 'invalid' | 'blocked' | 'failed';

/** A link that was used has confirmed the account: to its owner that is no error. */
const OUTCOME_OF_CODE: Readonly<Record<string, Outcome>> = {
  confirmation_token_used: 'already',
  already_confirmed: 'already',
  confirmation_token_expired: 'expired',
  confirmation_token_invalid: 'invalid',
  // A token that is too long or not there at all.
  request_invalid: 'invalid',
  account_blocked: 'blocked',
};

/** Where the letter's link leads, for whoever opens it on another device than the one they are signed in on. */
export function ConfirmSignedOut({ token }: { readonly token: string }) {
  return (
    <div className="entry">
      <header className="entry-bar">
        <Logo />
      </header>
      <main id="content" className="entry-main lone">
        <Confirm token={token} user={undefined} />
      </main>
    </div>
  );
}

export function Confirm({ token, user }: { readonly token: string; readonly user: User | undefined }) {
  const { api, session } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const ask = useCallback(async (): Promise<true> => {
    await api.confirmEmail(token);
    return true;
  }, [api, token]);
  const { value: confirmed, error, retry } = useAnswer(ask);
  const outcome = outcomeOf(confirmed, error);
  const signedIn = user !== undefined;

  // Minutes of an invitation may have come with it.
  useEffect(() => {
    if (signedIn && (outcome === 'confirmed' || outcome === 'already')) {
      session.refresh(api).catch(() => undefined);
    }
  }, [signedIn, outcome, session, api]);

  if (outcome === undefined) {
    return (
      <div className="moment" data-testid="confirm">
        <Icon>
          <MailIcon size={34} />
        </Icon>
        <PageTitle title={t('confirm.working')} />
        <Loading />
      </div>
    );
  }
  const good = outcome === 'confirmed' || outcome === 'already';
  const resend = user !== undefined && !user.email_confirmed && (outcome === 'expired' || outcome === 'invalid');
  return (
    <div key={outcome} className="moment" data-testid="confirm" data-outcome={outcome}>
      <Icon tone={good ? 'good' : 'bad'}>{good ? <CheckIcon size={36} /> : <WarningIcon size={36} />}</Icon>
      <PageTitle title={t(`confirm.${outcome}.title`)} />
      <p className="moment-what">
        {outcome === 'failed' ? describeError(i18n, error) : t(`confirm.${outcome}.what`)}
        {!good && !signedIn && outcome !== 'failed' && outcome !== 'blocked' && <> {t('confirm.sign_in_first')}</>}
      </p>
      <div className="moment-actions">
        {outcome === 'failed' && (
          <button type="button" className="button primary" onClick={retry}>
            {t('app.retry')}
          </button>
        )}
        {resend && <SendConfirmation className="button primary" />}
        {signedIn ? (
          <Link to={{ screen: 'call' }} className={good ? 'button primary' : 'button quiet'}>
            {t('app.to_call')}
          </Link>
        ) : (
          outcome !== 'blocked' && (
            <Link to={{ screen: 'sign-in' }} className={outcome === 'failed' ? 'button quiet' : 'button primary'}>
              {t('auth.sign_in')}
            </Link>
          )
        )}
      </div>
    </div>
  );
}

function outcomeOf(confirmed: true | undefined, error: unknown): Outcome | undefined {
  if (confirmed) return 'confirmed';
  return error === undefined ? undefined : (OUTCOME_OF_CODE[errorCode(error)] ?? 'failed');
}

function Icon(props: { readonly tone?: 'good' | 'bad'; readonly children: ReactNode }) {
  return (
    <span className="moment-icon" data-tone={props.tone}>
      {props.children}
    </span>
  );
}
