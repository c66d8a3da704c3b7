import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApiClient } from './api/client.ts';
import { App } from './app/app.tsx';
import { keepCallToItsLearner } from './app/call-owner.ts';
import { createPreferences } from './app/preferences.ts';
import { createRouter } from './app/router.ts';
import { ServicesContext } from './app/services.ts';
import type { Services } from './app/services.ts';
import { createProfileKeeper } from './app/profile-keeper.ts';
import { createSession } from './app/session.ts';
import { keepIn } from './app/storage.ts';
import { CallController } from './call/call-controller.ts';
import { keepReferral } from './screens/sign-in.tsx';

/** By then the server has heard of a call's end and has let go of the minutes it held. */
const SETTLED_MS = 3_000;

/** Where the page's parts are joined. */
function start(): void {
  const storage = keepIn(() => localStorage);
  const tabStorage = keepIn(() => sessionStorage);
  const session = createSession(storage);
  const api = createApiClient({
    fetch: (input, init) => fetch(input, init),
    readToken: () => session.readToken(),
    onUnauthenticated: () => session.expire(),
  });
  const router = createRouter(window);
  if (keepReferral(location.search, tabStorage) && session.readToken() === undefined) {
    router.go({ screen: 'register' }, { replace: true });
  }
  const call = new CallController({
    view: window,
    placeCall: (request, idempotencyKey) => api.startCall(request, idempotencyKey),
    replaceCall: (callId) => api.replaceCall(callId),
    tabStorage,
    storage,
    // Not at once: the balance would be told without what was held for the call, although most of it comes back.
    onFinished: () => {
      setTimeout(() => void session.refresh(api).catch(() => undefined), SETTLED_MS);
    },
  });
  keepCallToItsLearner(session.session, call);
  const services: Services = {
    api,
    router,
    session,
    keepProfile: createProfileKeeper(api, session),
    preferences: createPreferences(storage, document, navigator.languages),
    call,
    tabStorage,
  };
  const root = document.getElementById('root');
  if (!root) throw new Error('The page has no #root');
  createRoot(root).render(
    <StrictMode>
      <ServicesContext.Provider value={services}>
        <App />
      </ServicesContext.Provider>
    </StrictMode>,
  );
}

start();
