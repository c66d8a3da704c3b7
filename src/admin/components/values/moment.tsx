import React from 'react';
import { useWords } from '../figures/words.ts';

interface MomentProps {
  /** ISO 8601 */
  readonly instant: string | null | undefined;
  /** To the second, with the zone's name. */
  readonly exact?: boolean;
}

/** By the browser's clock; whoever points at it is told of which zone. */
export function Moment({ instant, exact = false }: MomentProps) {
  const { formats } = useWords('Values');
  if (!instant) return <>—</>;
  return (
    <time className="vl-whole" dateTime={instant} title={formats.exactInstant(instant)}>
      {exact ? formats.exactInstant(instant) : formats.datedInstant(instant)}
    </time>
  );
}
