import type { ApiClient } from '../api/client.ts';
import type { SignedIn, User } from '../api/types.ts';
import type { KeptText } from './storage.ts';
import { createStore } from './value-store.ts';
import type { ValueStore } from './value-store.ts';

/** Why nobody is signed in any more, where the sign-in says so: the account was deleted, or has a new password. */
export type Farewell = 'deleted' | 'password_changed';

export type Session =
  | { readonly status: 'signed_out'; readonly farewell?: Farewell | undefined }
  /** The token ran out while the page was used; the place is kept. */
  | { readonly status: 'expired'; readonly email: string | undefined }
  /** A token is kept from before, the user is not loaded yet. */
  | { readonly status: 'loading' }
  | { readonly status: 'signed_in'; readonly user: User };

export interface SessionKeeper {
  readonly session: ValueStore<Session>;
  readToken(): string | undefined;
  enter(signedIn: SignedIn): void;
  leave(farewell?: Farewell): void;
  expire(): void;
  /** Asks for the user (balances change with every call). Keeps the last known one when there is no network. */
  refresh(api: ApiClient): Promise<void>;
  /** Of whoever is signed in; another user's is ignored. */
  setUser(user: User): void;
}

const TOKEN_KEY = 'ailingva.token';

export function createSession(storage: KeptText): SessionKeeper {
  let token = storage.read(TOKEN_KEY);
  const store = createStore<Session>(token === undefined ? { status: 'signed_out' } : { status: 'loading' });

  function setToken(next: string | undefined): void {
    token = next;
    storage.write(TOKEN_KEY, next);
  }

  return {
    session: store,
    readToken: () => token,
    enter(signedIn) {
      setToken(signedIn.token);
      store.write({ status: 'signed_in', user: signedIn.user });
    },
    leave(farewell) {
      setToken(undefined);
      store.write({ status: 'signed_out', farewell });
    },
    expire() {
      const session = store.read();
      if (session.status === 'signed_out' || session.status === 'expired') return;
      setToken(undefined);
      store.write({ status: 'expired', email: session.status === 'signed_in' ? session.user.email : undefined });
    },
    async refresh(api) {
      const asked = token;
      const user = await api.me();
      // A sign-out, or another sign-in, may have come in between.
      if (asked !== undefined && asked === token) store.write({ status: 'signed_in', user });
    },
    setUser(user) {
      const now = store.read();
      if (now.status === 'signed_in' && now.user.id === user.id) store.write({ status: 'signed_in', user });
    },
  };
}
