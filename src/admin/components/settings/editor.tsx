import React from 'react';
import { useWords } from '../figures/words.ts';
import { timeZones } from '../figures/zones.ts';
import { IconButton, Switch } from '../keeping/parts.tsx';
import type { Engine, SettingAnswer } from './answers.ts';
import { NumberField } from './number-field.tsx';
import { Prices } from './prices.tsx';

interface EditorProps {
  readonly setting: SettingAnswer;
  readonly engines: readonly Engine[];
  readonly value: unknown;
  readonly wrong: boolean;
  readonly onChange: (value: unknown) => void;
}

/** A field by what the setting can be. */
export function Editor(props: EditorProps) {
  const { setting, engines, value, wrong, onChange } = props;
  const { shape, key, description } = setting;
  const { language } = useWords('Settings');
  const label = description[language === 'ru' ? 'ru' : 'en'];
  const common = { id: key, 'aria-label': label, 'aria-invalid': wrong };
  if (shape.type === 'boolean') return <Switch on={value === true} label={label} onChange={onChange} />;
  if (shape.type === 'integer' || shape.type === 'number') {
    return <NumberField {...common} value={value} onChange={onChange} />;
  }
  if (shape.enum) {
    return (
      <select {...common} value={String(value)} onChange={(event) => onChange(event.target.value)}>
        <EngineOptions names={shape.enum} engines={engines} chosen={[String(value)]} />
      </select>
    );
  }
  if (shape.type === 'array') return <EngineList {...props} />;
  if (shape.type === 'object') return <Prices {...props} />;
  if (key === 'house.time_zone') {
    return (
      <select {...common} value={String(value)} onChange={(event) => onChange(event.target.value)}>
        {timeZones(String(value)).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    );
  }
  return (
    <input
      {...common}
      type={shape.pattern === undefined ? 'text' : 'time'}
      maxLength={shape.maxLength}
      value={String(value)}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface EngineOptionsProps {
  readonly names: readonly string[];
  readonly engines: readonly Engine[];
  readonly chosen: readonly string[];
}

/** Those that cannot serve are named all the same, and cannot be chosen anew. */
function EngineOptions({ names, engines, chosen }: EngineOptionsProps) {
  const { say } = useWords('Settings');
  return (
    <>
      {names.map((name) => {
        const engine = engines.find((known) => known.name === name);
        const missing = engine?.configured === false;
        return (
          <option key={name} value={name} disabled={missing && !chosen.includes(name)}>
            {missing ? say('withoutKey', { name }) : say(`engines.${name}`, { defaultValue: name })}
          </option>
        );
      })}
    </>
  );
}

/** Engines in an order: the first is tried first. */
function EngineList({ setting, engines, value, onChange }: EditorProps) {
  const { say } = useWords('Settings');
  const chosen = Array.isArray(value) ? (value as readonly string[]) : [];
  const names = (setting.shape.items?.enum ?? []).filter((name) => !chosen.includes(name));
  return (
    <div className="kp-engines">
      {chosen.map((name, index) => (
        <span key={name} className="kp-engine">
          {name}
          <IconButton
            icon="ArrowUp"
            label={say('earlier', { name })}
            disabled={index === 0}
            onClick={() => onChange(chosen.with(index - 1, name).with(index, chosen[index - 1] ?? name))}
          />
          <IconButton
            icon="X"
            label={say('remove', { name })}
            onClick={() => onChange(chosen.filter((other) => other !== name))}
          />
        </span>
      ))}
      {names.length > 0 && (
        <select
          id={setting.key}
          value=""
          aria-label={say('addEngine')}
          onChange={(event) => onChange([...chosen, event.target.value])}
        >
          <option value="" disabled>
            {say('addEngine')}
          </option>
          <EngineOptions names={names} engines={engines} chosen={[]} />
        </select>
      )}
    </div>
  );
}
