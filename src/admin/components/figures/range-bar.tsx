import React from 'react';
import { Toggles } from './parts.tsx';
import { daysOf, presetOf, PRESETS, type Days } from './range.ts';
import { useWords } from './words.ts';

interface RangeBarProps {
  /** Unknown until the first answer. */
  readonly days: Days | undefined;
  readonly today: string;
  readonly onChange: (days: Days) => void;
}

/** Which days are looked at. */
export function RangeBar({ days, today, onChange }: RangeBarProps) {
  const { say } = useWords('Figures');
  const edge = (which: keyof Days) => (event: React.ChangeEvent<HTMLInputElement>) => {
    const { value } = event.target;
    if (value === '' || !days) return;
    const next = { ...days, [which]: value };
    // The other end follows, rather than that the range is refused.
    onChange(next.from <= next.to ? next : { from: value, to: value });
  };
  return (
    <div className="fg-range">
      <Toggles
        label={say('range')}
        value={days && presetOf(days, today)}
        options={PRESETS.map((preset) => ({ value: preset, label: say(`presets.${preset}`) }))}
        onChange={(preset) => onChange(daysOf(preset, today))}
      />
      <div className="fg-dates">
        <label className="fg-field" htmlFor="fg-from">
          <span>{say('from')}</span>
          <input id="fg-from" type="date" value={days?.from ?? ''} max={today} onChange={edge('from')} />
        </label>
        <label className="fg-field" htmlFor="fg-to">
          <span>{say('to')}</span>
          <input id="fg-to" type="date" value={days?.to ?? ''} max={today} onChange={edge('to')} />
        </label>
      </div>
    </div>
  );
}
