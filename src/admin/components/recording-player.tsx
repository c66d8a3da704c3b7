import { Text } from '@adminjs/design-system';
import React, { useState } from 'react';

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

  async function explain(): Promise<void> {
    try {
      const answer = await fetch(url, { headers: { range: 'bytes=0-0' }, signal: AbortSignal.timeout(10_000) });
      const { code } = answer.ok ? { code: 'unplayable' } : ((await answer.json()) as { code: string });
      setTrouble(WORDS_OF_CODE[code] ?? 'recordingFailed');
    } catch {
      setTrouble('recordingFailed');
    }
  }

  return (
    <>
      <audio controls preload="none" src={url} style={{ width: '100%' }} onError={() => void explain()} />
      {trouble !== undefined && (
        <Text color="error" role="status">
          {say(trouble)}
        </Text>
      )}
    </>
  );
}
