import { useRef, useState } from 'react';
import { Refused } from './send.ts';

/** Something that is done at a click, once at a time. */
export interface Deed {
  readonly busy: boolean;
  readonly refused: Refused | undefined;
  /** Whether it was done. */
  readonly run: (deed: () => Promise<void>) => Promise<boolean>;
  readonly forget: () => void;
}

export function useDeed(): Deed {
  const running = useRef(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused>();
  return {
    busy,
    refused,
    forget: () => setRefused(undefined),
    async run(deed) {
      if (running.current) return false;
      running.current = true;
      setBusy(true);
      setRefused(undefined);
      try {
        await deed();
        return true;
      } catch (error) {
        setRefused(error instanceof Refused ? error : new Refused('unreachable', {}));
        return false;
      } finally {
        running.current = false;
        setBusy(false);
      }
    },
  };
}
