import { useEffect, useState } from 'react';
import { listDevices } from '../../call/microphone.ts';
import type { SoundDevice } from '../../call/microphone.ts';

/** The devices there are now; follows plugging in and out. */
export function useDevices(kind: 'audioinput' | 'audiooutput'): readonly SoundDevice[] {
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
  }, [kind]);
  return devices;
}
