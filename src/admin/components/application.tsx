import React from 'react';
import { Themed } from './look/themed.tsx';

interface ApplicationProps {
  readonly OriginalComponent: React.ComponentType;
}

/** The whole of the panel behind its door, in the colours that are chosen. */
export default function Application({ OriginalComponent }: ApplicationProps) {
  return (
    <Themed>
      <OriginalComponent />
    </Themed>
  );
}
