import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { Failure, Loading } from '../components/loading.tsx';
import { Logo } from '../components/logo.tsx';
import { I18nContext, createI18n } from '../i18n/i18n.ts';
import type { I18n } from '../i18n/i18n.ts';
import { Account } from '../screens/account/account.tsx';
import { DeleteAccount } from '../screens/account/delete-account.tsx';
import { CallScreen } from '../screens/call/call-screen.tsx';
import { CallDetail } from '../screens/call-detail.tsx';
import { Calls } from '../screens/calls.tsx';
import { Confirm, ConfirmSignedOut } from '../screens/confirm.tsx';
import { DepositScreen } from '../screens/deposit.tsx';
import { ForgotPassword } from '../screens/forgot-password.tsx';
import { NotFound } from '../screens/not-found.tsx';
import { ResetPassword } from '../screens/reset-password.tsx';
import { Settings } from '../screens/settings.tsx';
import { SignIn } from '../screens/sign-in.tsx';
import { TopUp } from '../screens/top-up/top-up.tsx';
import type { User } from '../api/types.ts';
import type { Route } from './router.ts';
import { useServices, useStore } from './services.ts';
import { Shell } from './shell.tsx';

export function App() {
  const { preferences } = useServices();
  const locale = useStore(preferences.locale);
  const i18n: I18n = useMemo(() => createI18n(locale), [locale]);
  return (
    <I18nContext.Provider value={i18n}>
      <Gate />
    </I18nContext.Provider>
  );
}

/** Signed out: the forms, at whatever address was asked for but a letter's link. Signed in: the screens. */
function Gate() {
  const { session, router, call } = useServices();
  const current = useStore(session.session);
  const route = useStore(router.route);
  const callStatus = useStore(call.state).status;
  const [lastUser, setLastUser] = useState<User>();
  const inCall = callStatus === 'live' || callStatus === 'starting';

  useEffect(() => {
    if (current.status === 'signed_in') setLastUser(current.user);
    else if (current.status === 'signed_out') setLastUser(undefined);
  }, [current]);

  // Also for whoever is signed in here and does not know their password any more.
  if (route.screen === 'forgot-password') return <ForgotPassword email={route.email ?? ''} />;
  if (route.screen === 'reset-password') return <ResetPassword key={route.token} token={route.token} />;
  switch (current.status) {
    case 'loading':
      return <LoadUser />;
    case 'signed_in':
      return <Screens route={route} user={current.user} />;
    case 'expired':
      // The call has a token of its own: it goes on, and the sign-in waits for its end.
      if (inCall && lastUser) return <Screens route={{ screen: 'call' }} user={lastUser} />;
      if (route.screen === 'confirm') return <ConfirmSignedOut token={route.token} />;
      return <SignIn mode={formOf(route)} expired farewell={undefined} email={current.email ?? ''} />;
    default:
      if (route.screen === 'confirm') return <ConfirmSignedOut token={route.token} />;
      return <SignIn mode={formOf(route)} expired={false} farewell={current.farewell} email="" />;
  }
}

const formOf = (route: Route): 'sign-in' | 'register' => (route.screen === 'register' ? 'register' : 'sign-in');

function LoadUser() {
  const { session, api } = useServices();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setError(undefined);
    session.refresh(api).catch(setError);
  }, [session, api, attempt]);
  return (
    <div className="shell">
      <header className="bar">
        <span className="bar-logo">
          <Logo />
        </span>
      </header>
      <main className="whole">
        {error === undefined ? <Loading /> : <Failure error={error} onRetry={() => setAttempt(attempt + 1)} />}
      </main>
    </div>
  );
}

function Screens({ route, user }: { readonly route: Route; readonly user: User }) {
  return (
    <Shell route={route} user={user}>
      <Screen route={route} user={user} />
    </Shell>
  );
}

function Screen({ route, user }: { readonly route: Route; readonly user: User }): ReactNode {
  const { router } = useServices();
  const signedInAlready = route.screen === 'sign-in' || route.screen === 'register';
  useEffect(() => {
    if (signedInAlready) router.go({ screen: 'call' }, { replace: true });
  }, [signedInAlready, router]);

  switch (route.screen) {
    case 'call':
    case 'sign-in':
    case 'register':
      return <CallScreen user={user} />;
    case 'account':
      return <Account user={user} />;
    case 'delete-account':
      return <DeleteAccount user={user} />;
    case 'top-up':
      return <TopUp user={user} />;
    case 'deposit':
      return <DepositScreen key={route.paymentId} paymentId={route.paymentId} user={user} />;
    case 'confirm':
      return <Confirm key={route.token} token={route.token} user={user} />;
    case 'calls':
      return <Calls />;
    case 'call-detail':
      return <CallDetail key={route.callId} callId={route.callId} />;
    case 'settings':
      return <Settings user={user} />;
    default:
      return <NotFound />;
  }
}
