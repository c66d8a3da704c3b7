import { useState } from 'react';
import { emailProblem } from '../app/entry-rules.ts';
import { useServices } from '../app/services.ts';
import { useSubmit } from '../app/use-submit.ts';
import { EmailField } from '../components/entry-fields.tsx';
import { Entry } from '../components/entry.tsx';
import { FormAlert } from '../components/form-alert.tsx';
import { MailIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';
import { Orb } from './call/orb.tsx';

/** Asks for a link to a new password. What it says then is the same for every address. */
export function ForgotPassword(props: { readonly email: string }) {
  const { api } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [email, setEmail] = useState(props.email);
  const [sent, setSent] = useState(0);
  const problem = emailProblem(i18n, email);
  const { form, onSubmit, tried, working, error, clear } = useSubmit({
    valid: problem === undefined,
    async send() {
      await api.forgotPassword(email.trim());
      setSent(sent + 1);
    },
  });

  function askForAnother(): void {
    setSent(0);
    clear();
  }

  const again = sent > 1 && !working && error === undefined;
  return (
    <Entry art={<Orb phase="idle" muted={false} readLevel={undefined} />}>
      <form ref={form} className="entry-form" noValidate onSubmit={onSubmit}>
        {sent === 0 ? (
          <>
            <PageTitle key="ask" title={t('forgot.title')} />
            <p className="entry-note">{t('forgot.note')}</p>
            <EmailField value={email} onChange={setEmail} error={tried ? problem : undefined} />
          </>
        ) : (
          <>
            <span className="moment-icon entry-icon">
              <MailIcon size={34} />
            </span>
            <PageTitle key="sent" title={t('forgot.sent.title')} />
            <p className="entry-note entry-breakable">{t('forgot.sent.what', { email: email.trim() })}</p>
            <p className="entry-note">{t('forgot.sent.hint')}</p>
          </>
        )}
        <div>
          <div role="status">{again && <p className="callout good">{t('forgot.sent_again')}</p>}</div>
          <FormAlert error={error} />
        </div>
        <button
          key={sent === 0 ? 'send' : 'again'}
          type="submit"
          className={sent === 0 ? 'button primary wide' : 'button quiet wide'}
          aria-disabled={working}
        >
          {t(working ? 'auth.working' : sent === 0 ? 'forgot.send' : 'forgot.again')}
        </button>
        {sent > 0 && (
          <button type="button" className="button quiet wide" onClick={askForAnother}>
            {t('forgot.other')}
          </button>
        )}
        <p className="entry-other">
          <Link to={{ screen: 'sign-in' }}>{t('forgot.back')}</Link>
        </p>
      </form>
    </Entry>
  );
}
