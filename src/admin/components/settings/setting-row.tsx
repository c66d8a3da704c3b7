import React, { useState } from 'react';
import { type Words, useWords } from '../figures/words.ts';
import { DoneNote, RefusedNote } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';
import { type Engine, SETTINGS, type SettingAnswer, type ValueProblem } from './answers.ts';
import { Editor } from './editor.tsx';
import { History } from './history.tsx';
import { inOtherWords, written } from './values.ts';

interface SettingRowProps {
  readonly setting: SettingAnswer;
  readonly engines: readonly Engine[];
  readonly onChanged: () => void;
}

/** One setting: what it is, what it was, who changed it. Nothing is sent before it is saved. */
export function SettingRow({ setting, engines, onChanged }: SettingRowProps) {
  const words = useWords('Settings');
  const { say, formats, language } = words;
  const { key, shape, unit, version } = setting;
  const [draft, setDraft] = useState<{ readonly value: unknown }>();
  const [looking, setLooking] = useState(false);
  const [done, setDone] = useState<'saved' | 'reset'>();
  const deed = useDeed();
  const value = draft === undefined ? setting.value : draft.value;
  const changed = draft !== undefined && JSON.stringify(draft.value) !== JSON.stringify(setting.value);

  const carryOut = async (address: string, body: unknown, what: 'saved' | 'reset'): Promise<void> => {
    setDone(undefined);
    if (await deed.run(() => send(address, body))) {
      setDraft(undefined);
      setDone(what);
    }
    // Refused for somebody else's sake: their value is shown, and what was typed stays.
    onChanged();
  };
  const problems = (deed.refused?.details['errors'] ?? []) as readonly ValueProblem[];
  const missing = engines.filter(({ name, configured }) => !configured && offers(setting, name));
  const other = inOtherWords(value, unit, words);

  return (
    <div className="kp-setting" data-setting={key} data-value={JSON.stringify(setting.value)}>
      <div className="kp-setting-what">
        <label htmlFor={key}>{setting.description[language === 'ru' ? 'ru' : 'en']}</label>
        <code>{key}</code>
        <span className="fg-quiet">
          {boundsOf(setting, words)}
          {shape.type !== 'object' && say('default', { value: written(setting.default, setting, words) })}
        </span>
        {missing.length > 0 && (
          <span className="fg-quiet">
            {missing.map(({ name, needs }) => say('needsKey', { name, variable: needs ?? '' })).join(' ')}
          </span>
        )}
      </div>
      <div className="kp-setting-value">
        <span className="kp-field">
          <Editor
            setting={setting}
            engines={engines}
            value={value}
            wrong={problems.length > 0}
            onChange={(next) => {
              setDraft({ value: next });
              setDone(undefined);
              deed.forget();
            }}
          />
          {unit !== null && shape.type !== 'object' && <span className="fg-quiet">{say(`units.${unit}`)}</span>}
          {other !== undefined && <span className="fg-quiet">= {other}</span>}
        </span>
        {!setting.valid && (
          <p className="fg-failed" role="alert">
            {say('storedWrong')}
          </p>
        )}
        {deed.refused && problems.length === 0 && <RefusedNote refused={deed.refused} />}
        {problems.map((problem) => (
          <p key={`${problem.field} ${problem.rule} ${problem.other?.key ?? ''}`} className="kp-problem" role="alert">
            {problem.field !== '' && `${problem.field}: `}
            {say(`problems.${problem.rule}`, {
              bound: problem.bound === undefined ? '' : formatBound(problem.bound, words),
              other: problem.other?.description[language === 'ru' ? 'ru' : 'en'] ?? '',
              defaultValue: problem.message,
            })}
          </p>
        ))}
        {done !== undefined && <DoneNote>{say(`done.${done}`)}</DoneNote>}
        <span className="kp-buttons">
          {changed && (
            <button
              type="button"
              className="fg-button kp-primary"
              disabled={deed.busy}
              onClick={() => void carryOut(`${SETTINGS}/${key}`, { value, version }, 'saved')}
            >
              {say('save')}
            </button>
          )}
          {changed && (
            <button
              type="button"
              className="fg-button"
              onClick={() => {
                setDraft(undefined);
                deed.forget();
              }}
            >
              {say('undo')}
            </button>
          )}
          {!changed && !setting.is_default && (
            <button
              type="button"
              className="fg-button"
              disabled={deed.busy}
              onClick={() => void carryOut(`${SETTINGS}/${key}/default`, { version }, 'reset')}
            >
              {say('reset')}
            </button>
          )}
          {version !== null && (
            <button type="button" className="fg-link" aria-expanded={looking} onClick={() => setLooking(!looking)}>
              {say('changed', {
                when: setting.changed_at === null ? '' : formats.instant(setting.changed_at),
                who: setting.changed_by ?? say('commandLine'),
              })}
            </button>
          )}
        </span>
        {looking && <History setting={setting} />}
      </div>
    </div>
  );
}

function offers({ shape }: SettingAnswer, engine: string): boolean {
  return Boolean(shape.enum?.includes(engine) ?? shape.items?.enum?.includes(engine));
}

function boundsOf({ shape: { type, minimum, maximum } }: SettingAnswer, words: Words): string {
  if ((type !== 'integer' && type !== 'number') || minimum === undefined || maximum === undefined) return '';
  const bounds = { least: formatBound(minimum, words), most: formatBound(maximum, words) };
  return `${words.say(type === 'integer' ? 'bounds' : 'boundsFraction', bounds)} `;
}

function formatBound(bound: number, { formats }: Words): string {
  return Number.isInteger(bound) ? formats.count(bound) : formats.minutes(bound);
}
