import React, { useState } from 'react';
import { useWords } from '../figures/words.ts';

interface ConfirmedProps {
  readonly label: string;
  readonly busy: boolean;
  readonly onSure: () => void;
}

/** A button that asks once more before it does what it says. */
export function Confirmed({ label, busy, onSure }: ConfirmedProps) {
  const { say } = useWords('Keeping');
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return (
      <button type="button" className="fg-button" disabled={busy} onClick={() => setAsking(true)}>
        {label}
      </button>
    );
  }
  // The first of a double click asks, the second must not answer.
  const answer = ({ detail }: React.MouseEvent, then?: () => void): void => {
    if (detail > 1) return;
    setAsking(false);
    then?.();
  };
  return (
    <span className="kp-buttons" role="group" aria-label={label}>
      <button
        type="button"
        className="fg-button kp-primary"
        autoFocus
        disabled={busy}
        onClick={(event) => answer(event, onSure)}
      >
        {say('sure', { what: label })}
      </button>
      <button type="button" className="fg-button" onClick={(event) => answer(event)}>
        {say('notSure')}
      </button>
    </span>
  );
}
