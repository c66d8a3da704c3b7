import { createStore } from './value-store.ts';
import type { ValueStore } from './value-store.ts';

export type Route =
  | { readonly screen: 'call' }
  | { readonly screen: 'account' }
  | { readonly screen: 'delete-account' }
  | { readonly screen: 'top-up' }
  /** Where the payment provider sends the payer back to. */
  | { readonly screen: 'deposit'; readonly paymentId: string }
  /** Where the link of a letter leads. */
  | { readonly screen: 'confirm'; readonly token: string }
  /** With what was typed into the sign-in; the address of the page does not name it. */
  | { readonly screen: 'forgot-password'; readonly email?: string }
  /** Where the link of the letter to whoever forgot their password leads. */
  | { readonly screen: 'reset-password'; readonly token: string }
  | { readonly screen: 'calls' }
  | { readonly screen: 'call-detail'; readonly callId: string }
  | { readonly screen: 'settings' }
  | { readonly screen: 'sign-in' }
  | { readonly screen: 'register' }
  | { readonly screen: 'not-found' };

export function readRoute(path: string, search = ''): Route {
  const [first, second, third] = path.split('/').filter(Boolean);
  if (third !== undefined) return { screen: 'not-found' };
  if ((first === 'calls' || first === 'deposit') && second !== undefined) {
    try {
      const id = decodeURIComponent(second);
      return first === 'calls' ? { screen: 'call-detail', callId: id } : { screen: 'deposit', paymentId: id };
    } catch {
      return { screen: 'not-found' };
    }
  }
  if (second !== undefined) return { screen: 'not-found' };
  switch (first) {
    case undefined:
      return { screen: 'call' };
    case 'calls':
    case 'account':
    case 'delete-account':
    case 'top-up':
    case 'settings':
    case 'sign-in':
    case 'register':
    case 'forgot-password':
      return { screen: first };
    case 'confirm':
    case 'reset-password':
      return { screen: first, token: new URLSearchParams(search).get('token') ?? '' };
    default:
      return { screen: 'not-found' };
  }
}

export function pathOf(route: Route): string {
  switch (route.screen) {
    case 'call':
    case 'not-found':
      return '/';
    case 'call-detail':
      return `/calls/${encodeURIComponent(route.callId)}`;
    case 'deposit':
      return `/deposit/${encodeURIComponent(route.paymentId)}`;
    case 'confirm':
    case 'reset-password':
      return `/${route.screen}?token=${encodeURIComponent(route.token)}`;
    default:
      return `/${route.screen}`;
  }
}

export interface Router {
  readonly route: ValueStore<Route>;
  go(route: Route, options?: { readonly replace?: boolean }): void;
}

/** Keeps the address and the shown screen together. One lives as long as the page. */
export function createRouter(view: Window): Router {
  const read = (): Route => readRoute(view.location.pathname, view.location.search);
  const store = createStore<Route>(read());
  view.addEventListener('popstate', () => store.write(read()));
  return {
    route: store,
    go(route, options) {
      const path = pathOf(route);
      if (options?.replace) view.history.replaceState(null, '', path);
      else if (path !== view.location.pathname) view.history.pushState(null, '', path);
      view.scrollTo(0, 0);
      store.write(route);
    },
  };
}
