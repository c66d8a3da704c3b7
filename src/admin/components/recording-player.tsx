import { Text } from '@adminjs/design-system';
import React, { useEffect, useRef, useState } from 'react';

const WORDS_OF_CODE: Readonly<Record<string, string>> = {
  recording_being_stored: 'recordingBeingStored',
  recording_not_found: 'recordingGone',
};

interface RecordingPlayerProps {
  readonly url: string;
  readonly say: (key: string) => string;
}

/** One part of a call's recording; where it cannot be heard, why: the element does not say so, the server does. */
export function RecordingPlayer({ url, say }: RecordingPlayerProps) {
  const [trouble, setTrouble] = useState<string>();
  const asking = useRef<AbortController>();
  useEffect(() => () => asking.current?.abort(), []);

  async function explain(): Promise<void> {
    asking.current?.abort();
    const given = (asking.current = new AbortController());
    const found = await findTrouble(url, AbortSignal.any([given.signal, AbortSignal.timeout(10_000)]));
    if (!given.signal.aborted) setTrouble(found);
  }

  function forget(): void {
    asking.current?.abort();
    setTrouble(undefined);
  }

  return (
    <>
      <audio
        controls
        preload="none"
        src={url}
        style={{ width: '100%' }}
        onError={() => void explain()}
        onPlaying={forget}
      />
      <Text color="error" role="status">
        {trouble !== undefined && say(trouble)}
      </Text>
    </>
  );
}

async function findTrouble(url: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(url, { headers: { range: 'bytes=0-0' }, signal });
    const { code } = answer.ok ? { code: 'unplayable' } : ((await answer.json()) as { code: string });
    return WORDS_OF_CODE[code] ?? 'recordingFailed';
  } catch {
    return 'recordingFailed';
  }
}
