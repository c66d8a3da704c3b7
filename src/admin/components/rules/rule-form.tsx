import React, { useEffect, useState } from 'react';
import { Choice } from '../figures/parts.tsx';
import { useWords } from '../figures/words.ts';
import { RefusedNote } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';
import {
  type Draft,
  type Language,
  LANGUAGES,
  type Level,
  LEVELS,
  type Rule,
  RULES,
  type RulesAnswer,
  type Wording,
} from './answers.ts';
import { WordingDifference } from './wording.tsx';

interface RuleFormProps {
  /** None: a new one is written. */
  readonly rule?: Rule;
  /** Told of what stands in the form, as long as it is not saved; `undefined`: there is nothing any more. */
  readonly onDraft: (id: string | null, draft: Draft | undefined) => void;
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

const EMPTY: Wording = { title: '', text: '', language: null, level: null, enabled: true };

/** Writes a rule. One that somebody else has changed meanwhile is shown beside what stands here, and nothing is lost. */
export function RuleForm({ rule, onDraft, onSaved, onCancel }: RuleFormProps) {
  const { say, formats } = useWords('Rules');
  const [draft, setDraft] = useState<Wording>(rule ?? EMPTY);
  const [version, setVersion] = useState(rule?.version);
  const [theirs, setTheirs] = useState<Rule>();
  const saving = useDeed();
  const id = rule?.id ?? 'new';
  const ruleId = rule?.id ?? null;
  useEffect(() => {
    const { title, text, language, level } = draft;
    const written = title.trim() !== '' && text.trim() !== '';
    onDraft(ruleId, written && !isSame(draft, rule) ? { id: ruleId, title, text, language, level } : undefined);
  }, [onDraft, ruleId, draft, rule]);
  useEffect(() => () => onDraft(ruleId, undefined), [onDraft, ruleId]);
  const set = (change: Partial<Wording>): void => setDraft((before) => ({ ...before, ...change }));

  const save = async (): Promise<void> => {
    const { title, text, language, level } = draft;
    const wording = { title, text, language, level };
    const done = await saving.run(async () => {
      try {
        await send(rule ? `${RULES}/${rule.id}` : RULES, rule ? { ...wording, version } : wording);
      } catch (error) {
        setTheirs(rule && (await readAgain(rule.id)));
        throw error;
      }
    });
    if (done) onSaved();
  };
  const conflict = saving.refused?.code === 'rule_changed' && theirs !== undefined;

  return (
    <form
      className="kp-form"
      data-testid={`form-${id}`}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {saving.refused && (
        <RefusedNote refused={saving.refused}>
          {conflict && (
            <span className="kp-buttons">
              <button
                type="button"
                className="fg-button"
                onClick={() => {
                  setDraft(theirs);
                  setVersion(theirs.version);
                  saving.forget();
                }}
              >
                {say('takeTheirs')}
              </button>
              <button
                type="button"
                className="fg-button"
                onClick={() => {
                  setVersion(theirs.version);
                  saving.forget();
                }}
              >
                {say('keepMine')}
              </button>
            </span>
          )}
        </RefusedNote>
      )}
      {conflict && (
        <section aria-label={say('conflict')} data-testid="conflict">
          <p className="fg-quiet">
            {say('conflictAbout', {
              who: theirs.updated_by_email ?? say('system'),
              when: formats.instant(theirs.updated_at),
            })}
          </p>
          <WordingDifference before={theirs} after={{ ...draft, enabled: theirs.enabled }} />
        </section>
      )}
      <label className="fg-field kp-wide" htmlFor={`title-${id}`}>
        <span>{say('title')}</span>
        <input
          id={`title-${id}`}
          value={draft.title}
          maxLength={200}
          required
          onChange={(event) => set({ title: event.target.value })}
        />
      </label>
      <label className="fg-field kp-wide" htmlFor={`text-${id}`}>
        <span>{say('text')}</span>
        <textarea
          id={`text-${id}`}
          rows={8}
          value={draft.text}
          maxLength={8_000}
          required
          onChange={(event) => set({ text: event.target.value })}
        />
        <span className="fg-quiet">
          {say('letters', { number: formats.count(draft.text.length), most: formats.count(8_000) })}
        </span>
      </label>
      <div className="fg-range">
        <Choice
          id={`language-${id}`}
          label={say('language')}
          value={draft.language ?? ''}
          options={[
            { value: '', label: say('languages.every') },
            ...LANGUAGES.map((value) => ({ value, label: say(`languages.${value}`) })),
          ]}
          onChange={(value) => set({ language: value === '' ? null : (value as Language) })}
        />
        <Choice
          id={`level-${id}`}
          label={say('level')}
          value={draft.level ?? ''}
          options={[
            { value: '', label: say('levels.every') },
            ...LEVELS.map((value) => ({ value, label: say(`levels.${value}`) })),
          ]}
          onChange={(value) => set({ level: value === '' ? null : (value as Level) })}
        />
      </div>
      <div className="kp-buttons">
        <button type="submit" className="fg-button kp-primary" disabled={saving.busy}>
          {say(saving.busy ? 'saving' : 'save')}
        </button>
        <button type="button" className="fg-button" onClick={onCancel}>
          {say('cancel')}
        </button>
      </div>
    </form>
  );
}

function isSame(draft: Wording, saved: Wording | undefined): boolean {
  const names = ['title', 'text', 'language', 'level'] as const;
  return saved !== undefined && names.every((name) => draft[name] === saved[name]);
}

/** As it is now; `undefined` when that cannot be told. */
async function readAgain(id: string): Promise<Rule | undefined> {
  try {
    const answer = await fetch(RULES, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(10_000) });
    const { rules } = (await answer.json()) as RulesAnswer;
    return rules.find((rule) => rule.id === id);
  } catch {
    return undefined;
  }
}
