import type { KeptText } from '../app/storage.ts';
import { GIVE_UP_MS } from './call-step.ts';

/** What a reloaded page needs to enter its call again. Kept per tab, and no longer than the call would wait. */
export interface SavedCall {
  readonly callId: string;
  readonly token: string;
  readonly path: string;
  readonly muted: boolean;
}

const KEY = 'ailingva.call';

export function saveCall(storage: KeptText, call: SavedCall | undefined, nowMs: number): void {
  storage.write(KEY, call === undefined ? undefined : JSON.stringify({ ...call, savedAtMs: nowMs }));
}

/** `nowMs`: wall clock. Undefined when there is none, it is too old, or not ours. */
export function loadSavedCall(storage: KeptText, nowMs: number): SavedCall | undefined {
  const text = storage.read(KEY);
  if (text === undefined) return undefined;
  try {
    const { callId, token, path, muted, savedAtMs } = JSON.parse(text) as Record<string, unknown>;
    if (typeof callId !== 'string' || typeof token !== 'string' || typeof path !== 'string') return undefined;
    if (typeof savedAtMs !== 'number' || nowMs - savedAtMs > GIVE_UP_MS || nowMs < savedAtMs - GIVE_UP_MS)
      return undefined;
    return { callId, token, path, muted: muted === true };
  } catch {
    return undefined;
  }
}
