import { useSyncExternalStore } from 'react';
import type { Scheme } from '../../look/palette.ts';

/** As the system has it, or always one. */
export type Look = 'system' | Scheme;

/** The learner's page remembers its choice by the same name: who wants the dark has it in both. */
const KEY = 'ailingva.theme';
const CHANGED = 'panel:look';
const NIGHT = '(prefers-color-scheme: dark)';

/** What is chosen stands at the page's root, where the page's first script has put it (http/page-headers.ts). */
export function useLook(): Look {
  return useSyncExternalStore(subscribe, chosen);
}

/** What is seen: the choice, or the system's. */
export function useScheme(): Scheme {
  return useSyncExternalStore(subscribe, seen);
}

export function chooseLook(look: Look): void {
  try {
    if (look === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, look);
  } catch {
    // Storage is closed to us: the choice holds until the page is left.
  }
  apply(look);
}

function apply(look: Look): void {
  document.documentElement.style.colorScheme = look === 'system' ? 'light dark' : look;
  globalThis.dispatchEvent(new Event(CHANGED));
}

function chosen(): Look {
  return lookOf(document.documentElement.style.colorScheme);
}

function seen(): Scheme {
  const look = chosen();
  if (look !== 'system') return look;
  return matchMedia(NIGHT).matches ? 'dark' : 'light';
}

function lookOf(value: string | null): Look {
  return value === 'light' || value === 'dark' ? value : 'system';
}

function subscribe(onChange: () => void): () => void {
  const night = matchMedia(NIGHT);
  // Chosen in another tab.
  const follow = ({ key, newValue }: StorageEvent): void => {
    if (key === KEY) apply(lookOf(newValue));
  };
  night.addEventListener('change', onChange);
  globalThis.addEventListener(CHANGED, onChange);
  globalThis.addEventListener('storage', follow);
  return () => {
    night.removeEventListener('change', onChange);
    globalThis.removeEventListener(CHANGED, onChange);
    globalThis.removeEventListener('storage', follow);
  };
}
