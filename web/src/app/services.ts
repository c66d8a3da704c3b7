import { createContext, useContext, useSyncExternalStore } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { CallController } from '../call/call-controller.ts';
import type { Preferences } from './preferences.ts';
import type { KeepProfile } from './profile-keeper.ts';
import type { Router } from './router.ts';
import type { SessionKeeper } from './session.ts';
import type { KeptText } from './storage.ts';
import type { ValueStore } from './value-store.ts';

/** What every screen may use; made once in `main.tsx`. */
export interface Services {
  readonly api: ApiClient;
  readonly router: Router;
  readonly session: SessionKeeper;
  readonly keepProfile: KeepProfile;
  readonly preferences: Preferences;
  readonly call: CallController;
  readonly tabStorage: KeptText;
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('No services above this component');
  return services;
}

export function useStore<Value>(store: ValueStore<Value>): Value {
  return useSyncExternalStore(store.watch, store.read);
}
