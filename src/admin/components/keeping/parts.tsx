import { Icon } from '@adminjs/design-system';
import React from 'react';
import { useWords } from '../figures/words.ts';
import type { Refused } from './send.ts';

/** Why something was not done, in words; of what is not known its code is. */
export function RefusedNote({ refused, children }: { readonly refused: Refused; readonly children?: React.ReactNode }) {
  const { say } = useWords('Keeping');
  const { code } = refused;
  return (
    <div className="fg-failed" role="alert" data-code={code}>
      <Icon icon="AlertTriangle" />
      <span>{say(`failures.${code}`, { defaultValue: say('failures.other', { code }) })}</span>
      {children}
    </div>
  );
}

/** Said to those who cannot see it too; stays in the page so that it is noticed when it comes. */
export function DoneNote({ children }: { readonly children: React.ReactNode }) {
  return (
    <p className="kp-done" role="status">
      {children}
    </p>
  );
}

interface SwitchProps {
  readonly on: boolean;
  readonly label: string;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
}

export function Switch({ on, label, disabled = false, onChange }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      className="kp-switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      onClick={() => onChange(!on)}
    >
      <i />
    </button>
  );
}

interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

export function IconButton({ icon, label, disabled = false, onClick }: IconButtonProps) {
  return (
    <button type="button" className="kp-icon" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <Icon icon={icon} />
    </button>
  );
}
