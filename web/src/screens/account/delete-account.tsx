import { useEffect, useState } from 'react';
import { errorCode } from '../../api/api-error.ts';
import { useServices } from '../../app/services.ts';
import { useSubmit } from '../../app/use-submit.ts';
import { PasswordField } from '../../components/entry-fields.tsx';
import { FormAlert } from '../../components/form-alert.tsx';
import { Link } from '../../components/link.tsx';
import { PageTitle } from '../../components/page-title.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import type { User } from '../../api/types.ts';

/** Says what goes and what stays, and asks for the password: it cannot be taken back. */
export function DeleteAccount({ user }: { readonly user: User }) {
  const { api, session, router } = useServices();
  const { t } = useI18n();
  const [password, setPassword] = useState('');
  // How many minutes the learner agreed to lose: more of them have to be agreed to again.
  const [givenUp, setGivenUp] = useState(0);
  const minutes = user.minutes_balance;
  const agreed = givenUp >= minutes;
  const passwordError = password === '' ? t('error.password_missing') : undefined;

  useEffect(() => {
    session.refresh(api).catch(() => undefined);
  }, [session, api]);

  const { form, onSubmit, tried, working, error } = useSubmit({
    valid: passwordError === undefined && agreed,
    async send() {
      try {
        await api.deleteMe({ password, minutes_given_up: minutes });
      } catch (thrown) {
        if (errorCode(thrown) === 'balance_not_given_up') await session.refresh(api).catch(() => undefined);
        throw thrown;
      }
      session.leave('deleted');
      router.go({ screen: 'sign-in' }, { replace: true });
    },
  });

  return (
    <div className="column narrow">
      <PageTitle title={t('delete.title')} />
      <section className="card" aria-labelledby="delete-goes">
        <h2 id="delete-goes" className="section-title">
          {t('delete.goes')}
        </h2>
        <ul className="plain-list">
          <li>{t('delete.goes_person', { email: user.email })}</li>
          <li>{t('delete.goes_talk')}</li>
          <li>{t('delete.goes_access')}</li>
        </ul>
        <h2 className="section-title">{t('delete.stays')}</h2>
        <ul className="plain-list">
          <li>{t('delete.stays_books')}</li>
          <li>{t('delete.stays_trial')}</li>
        </ul>
      </section>
      <form ref={form} className="card danger-form" noValidate onSubmit={onSubmit}>
        {minutes > 0 && (
          <div className="danger-loss">
            <p>
              <strong>{t('delete.loss', { minutes, count: minutes })}</strong> {t('delete.loss_note')}
            </p>
            <label className="check">
              <input
                type="checkbox"
                checked={agreed}
                aria-invalid={tried && !agreed ? true : undefined}
                aria-describedby={tried && !agreed ? 'delete-disagree' : undefined}
                onChange={(event) => setGivenUp(event.target.checked ? minutes : 0)}
              />
              <span>{t('delete.agree', { minutes, count: minutes })}</span>
            </label>
            {tried && !agreed && (
              <p id="delete-disagree" className="field-error">
                {t('delete.agree_first')}
              </p>
            )}
          </div>
        )}
        <PasswordField
          label={t('delete.password')}
          value={password}
          onChange={setPassword}
          error={tried ? passwordError : undefined}
        />
        <FormAlert error={error} />
        <button type="submit" className="button danger wide" aria-disabled={working}>
          {t(working ? 'delete.working' : 'delete.do')}
        </button>
        <Link to={{ screen: 'account' }} className="button quiet wide">
          {t('delete.keep')}
        </Link>
      </form>
    </div>
  );
}
