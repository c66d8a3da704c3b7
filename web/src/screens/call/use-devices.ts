import { useEffect, useState } from 'react';
import { listDevices } from '../../call/microphone.ts';
import type { SoundDevice } from '../../call/microphone.ts';

/** The devices there are now; follows plugging in and out. `refresh`: any value that changes when names may have become known. */
export function useDevices(kind: 'audioinput' | 'audiooutput', refresh: unknown): readonly SoundDevice[] {
  const [devices, setDevices] = useState<readonly SoundDevice[]>([]);
  useEffect(() => {
    let left = false;
    const load = (): void => {
      listDevices(kind).then(
        (found) => left || setDevices(found),
        () => undefined,
      );
    };
    load();
    navigator.mediaDevices?.addEventListener('devicechange', load);
    return () => {
      left = true;
      navigator.mediaDevices?.removeEventListener('devicechange', load);
    };
  }, [kind, refresh]);
  return devices;
}
