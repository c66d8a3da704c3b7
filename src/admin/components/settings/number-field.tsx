import React, { useState } from 'react';
import { numberOf } from './values.ts';

interface NumberFieldProps {
  readonly id: string;
  readonly 'aria-label': string;
  readonly 'aria-invalid'?: boolean;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** What is typed stays as it is typed, also while it is no number yet. */
export function NumberField({ value, onChange, ...rest }: NumberFieldProps) {
  const [typed, setTyped] = useState(String(value));
  // Another value has come from outside: a reset, or somebody else's.
  if (numberOf(typed) !== value && String(value) !== typed) setTyped(String(value));
  return (
    <input
      {...rest}
      type="text"
      inputMode="decimal"
      className="kp-number"
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(numberOf(event.target.value));
      }}
    />
  );
}
