import { useEffect, useState } from 'react';
import { useServices } from '../app/services.ts';
import { useI18n } from '../i18n/i18n.ts';
import type { User } from '../api/types.ts';
import { CloseIcon, MailIcon } from './icons.tsx';
import { SendConfirmation } from './send-confirmation.tsx';

const LATER_KEY = 'ailingva.confirm-later';

/** A calm word to a learner who has not opened the link of the letter yet; `Later` holds until the tab is closed. */
export function ConfirmBanner({ user }: { readonly user: User }) {
  const { api, session, tabStorage } = useServices();
  const { t } = useI18n();
  const [later, setLater] = useState(() => tabStorage.read(LATER_KEY) === user.id);

  // The link opens a tab of its own; whoever comes back from it should not be asked again.
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible') session.refresh(api).catch(() => undefined);
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [api, session]);

  if (later) return undefined;
  return (
    <section className="confirm-banner" aria-label={t('confirm.banner_title')}>
      <MailIcon size={22} />
      <div className="confirm-banner-words">
        <p>
          <strong>{t('confirm.banner_title')}</strong> <span>{t('confirm.banner', { email: user.email })}</span>
        </p>
        <SendConfirmation className="text-button" />
      </div>
      <button
        type="button"
        className="icon-button"
        aria-label={t('confirm.later')}
        title={t('confirm.later')}
        onClick={() => {
          tabStorage.write(LATER_KEY, user.id);
          setLater(true);
        }}
      >
        <CloseIcon size={18} />
      </button>
    </section>
  );
}
