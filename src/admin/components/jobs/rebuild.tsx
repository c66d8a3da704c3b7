import React, { useState } from 'react';
import { useWords } from '../figures/words.ts';
import { Confirmed } from '../keeping/confirmed.tsx';
import { DoneNote, RefusedNote } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';

/** Years of figures are counted in seconds to minutes. */
const PATIENCE_MS = 600_000;

/** Has the figures counted anew from the books. */
export function Rebuild() {
  const { say } = useWords('Jobs');
  const deed = useDeed();
  const [done, setDone] = useState<'rebuilt' | 'beingRebuilt'>();
  const rebuild = async (): Promise<void> => {
    setDone(undefined);
    await deed.run(async () => {
      const { rebuilt } = await send<{ readonly rebuilt: boolean }>(
        '/admin/data/analytics/rebuild',
        {},
        { patienceMs: PATIENCE_MS, idempotencyKey: crypto.randomUUID() },
      );
      setDone(rebuilt ? 'rebuilt' : 'beingRebuilt');
    });
  };
  return (
    <>
      {deed.refused && <RefusedNote refused={deed.refused} />}
      {done !== undefined && <DoneNote>{say(done)}</DoneNote>}
      {deed.busy && (
        <p className="fg-quiet" role="status">
          {say('rebuilding')}
        </p>
      )}
      <Confirmed label={say('rebuild')} busy={deed.busy} onSure={() => void rebuild()} />
    </>
  );
}
