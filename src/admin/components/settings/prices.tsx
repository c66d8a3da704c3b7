import React from 'react';
import { useWords } from '../figures/words.ts';
import { NumberField } from './number-field.tsx';
import type { SettingAnswer } from './answers.ts';
import { amountIn, leavesOf, withLeaf } from './values.ts';

interface PricesProps {
  readonly setting: SettingAnswer;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

const CURRENCIES = ['RUB', 'USD'];

/** The list of prices: the day it is of, in what each engine is paid, and what it charges. */
export function Prices({ setting, value, onChange }: PricesProps) {
  const { say, language } = useWords('Settings');
  const at = (parts: readonly string[]): unknown =>
    parts.reduce<unknown>((whole, step) => (whole as Readonly<Record<string, unknown>> | undefined)?.[step], value);
  return (
    <div className="kp-prices">
      {leavesOf(setting.value).map(({ path }) => {
        const parts = path.split('.');
        const [kind = '', engine, part] = parts;
        const name = [say(`prices.${kind}`), engine, ...(part === undefined ? [] : [say(`prices.${part}`)])]
          .filter((one) => one !== undefined)
          .join(', ');
        const id = `${setting.key}.${path}`;
        const current = at(parts);
        const change = (leaf: unknown) => onChange(withLeaf(value, parts, leaf));
        const priced = engine !== undefined && part !== 'characters' && typeof current === 'number';
        return (
          <label key={path} htmlFor={id}>
            <span>
              {name} {priced && <small>= {amountIn(at(['currencies', engine]), current / 1_000_000, language)}</small>}
            </span>
            {kind === 'as_of' ? (
              <input
                id={id}
                type="date"
                className="kp-number"
                value={String(current)}
                onChange={(event) => change(event.target.value)}
              />
            ) : kind === 'currencies' ? (
              <select id={id} value={String(current)} onChange={(event) => change(event.target.value)}>
                {CURRENCIES.map((currency) => (
                  <option key={currency}>{currency}</option>
                ))}
              </select>
            ) : (
              <NumberField id={id} aria-label={name} value={current} onChange={change} />
            )}
          </label>
        );
      })}
    </div>
  );
}
