import React, { useState } from 'react';
import { useWords } from '../figures/words.ts';
import { IconButton, RefusedNote, Switch } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';
import { type Draft, type Rule, RULES } from './answers.ts';
import { RuleForm } from './rule-form.tsx';
import { RuleHistory } from './rule-history.tsx';
import { Scope } from './wording.tsx';

interface RuleItemProps {
  readonly rule: Rule;
  readonly mayChange: boolean;
  /** The neighbours in sight. */
  readonly above: Rule | undefined;
  readonly below: Rule | undefined;
  readonly ordering: boolean;
  readonly onMove: (id: string, to: string) => void;
  readonly onDraft: (id: string | null, draft: Draft | undefined) => void;
  readonly onChanged: () => void;
}

/** One rule of the list: moved by its buttons or by hand, switched, written anew, looked up in its past. */
export function RuleItem({ rule, mayChange, above, below, ordering, onMove, onDraft, onChanged }: RuleItemProps) {
  const { say, formats } = useWords('Rules');
  const [open, setOpen] = useState<'form' | 'history'>();
  const [over, setOver] = useState(false);
  const switching = useDeed();
  const { id, title, text, enabled, version } = rule;
  const toggle = (which: 'form' | 'history'): void => setOpen(open === which ? undefined : which);
  const turn = async (on: boolean): Promise<void> => {
    if (await switching.run(() => send(`${RULES}/${id}`, { version, enabled: on }))) onChanged();
  };
  const draggable = mayChange && open === undefined;

  return (
    <li
      className={`kp-rule${enabled ? '' : ' kp-off'}${over ? ' kp-over' : ''}`}
      data-rule={title}
      draggable={draggable}
      onDragStart={(event) => event.dataTransfer.setData('text/plain', id)}
      onDragOver={(event) => {
        if (!mayChange) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onMove(event.dataTransfer.getData('text/plain'), id);
      }}
    >
      <div className="kp-rule-row">
        {mayChange && (
          <span className="kp-move">
            <IconButton
              icon="ArrowUp"
              label={say('up', { title })}
              disabled={!above || ordering}
              onClick={() => above && onMove(id, above.id)}
            />
            <IconButton
              icon="ArrowDown"
              label={say('down', { title })}
              disabled={!below || ordering}
              onClick={() => below && onMove(id, below.id)}
            />
          </span>
        )}
        <div className="kp-rule-body">
          <h3>
            {title} <Scope {...rule} /> {!enabled && <span className="fg-mark fg-mark-warn">{say('off')}</span>}
          </h3>
          <p className="kp-clipped">{text}</p>
          <p className="fg-quiet">
            {say('changed', {
              number: version,
              when: formats.instant(rule.updated_at),
              who: rule.updated_by_email ?? say('system'),
            })}
          </p>
        </div>
        <div className="kp-rule-side">
          {mayChange && (
            <Switch
              on={enabled}
              label={say('switch', { title })}
              disabled={switching.busy}
              onChange={(on) => void turn(on)}
            />
          )}
          <span className="kp-buttons">
            {mayChange && (
              <button
                type="button"
                className="fg-button"
                aria-expanded={open === 'form'}
                onClick={() => toggle('form')}
              >
                {say('edit')}
              </button>
            )}
            <button
              type="button"
              className="fg-button"
              aria-expanded={open === 'history'}
              onClick={() => toggle('history')}
            >
              {say('history')}
            </button>
          </span>
        </div>
      </div>
      {switching.refused && <RefusedNote refused={switching.refused} />}
      {open === 'form' && (
        <RuleForm
          rule={rule}
          onDraft={onDraft}
          onCancel={() => setOpen(undefined)}
          onSaved={() => {
            setOpen(undefined);
            onChanged();
          }}
        />
      )}
      {open === 'history' && <RuleHistory rule={rule} mayChange={mayChange} onUsed={onChanged} />}
    </li>
  );
}
