import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { ConfirmBanner } from '../components/confirm-banner.tsx';
import { HistoryIcon, PhoneIcon, SettingsIcon, WalletIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { Logo } from '../components/logo.tsx';
import { useI18n } from '../i18n/i18n.ts';
import type { User } from '../api/types.ts';
import type { Route } from './router.ts';
import { useServices, useStore } from './services.ts';

const places = [
  { screen: 'call', key: 'nav.call', icon: <PhoneIcon /> },
  { screen: 'calls', key: 'nav.calls', icon: <HistoryIcon /> },
  { screen: 'account', key: 'nav.account', icon: <WalletIcon /> },
  { screen: 'settings', key: 'nav.settings', icon: <SettingsIcon /> },
] as const;

/** Where in the menu a screen belongs. */
function placeOf({ screen }: Route): Route['screen'] {
  if (screen === 'call-detail') return 'calls';
  return screen === 'top-up' || screen === 'deposit' || screen === 'delete-account' ? 'account' : screen;
}

/** What stands around every screen. In a call it steps back: only the call is there. */
export function Shell(props: { readonly route: Route; readonly user: User; readonly children: ReactNode }) {
  const { call } = useServices();
  const { t, number } = useI18n();
  const status = useStore(call.state).status;
  const offline = useOffline();
  const inCall = status === 'live' || status === 'starting';
  const onCall = props.route.screen === 'call';
  const focused = inCall && onCall;
  const current = placeOf(props.route);
  // An unconfirmed learner is asked to confirm where nothing else needs their attention.
  const asks = onCall ? status === 'idle' : props.route.screen === 'account' && !inCall;

  return (
    <div className="shell" data-focused={focused ? true : undefined}>
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <header className="bar">
        <Link to={{ screen: 'call' }} className="bar-logo">
          <Logo />
        </Link>
        {!focused && (
          <nav className="nav" aria-label={t('nav.label')}>
            {places.map((place) => (
              <Link
                key={place.screen}
                to={{ screen: place.screen }}
                className="nav-link"
                current={current === place.screen}
              >
                {place.icon}
                <span>{t(place.key)}</span>
              </Link>
            ))}
          </nav>
        )}
        {!focused && (
          <Link to={{ screen: 'account' }} className="bar-minutes">
            <span className="unseen">{t('account.balance')}: </span>
            {t('minutes.short', { minutes: number(props.user.minutes_available) })}
          </Link>
        )}
      </header>
      {inCall && !onCall && (
        <Link to={{ screen: 'call' }} className="running">
          <span className="running-dot" aria-hidden="true" />
          {t('app.call_running')} · <b>{t('app.back_to_call')}</b>
        </Link>
      )}
      {offline && !focused && (
        <p className="offline" role="status">
          {t('app.offline')}
        </p>
      )}
      <main id="content" className="main" tabIndex={-1}>
        {!props.user.email_confirmed && asks && <ConfirmBanner user={props.user} />}
        {props.children}
      </main>
    </div>
  );
}

function useOffline(): boolean {
  const [offline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const update = (): void => setOffline(!navigator.onLine);
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  return offline;
}
