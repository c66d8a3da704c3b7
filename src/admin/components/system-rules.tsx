import { H2 } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React, { useCallback, useState } from 'react';
import { queryOf, useAddress } from './figures/address.ts';
import { useAnswer } from './figures/ask.ts';
import { AnswerView, Choice, Empty } from './figures/parts.tsx';
import { useRole } from './figures/role.ts';
import { useWords } from './figures/words.ts';
import { RefusedNote } from './keeping/parts.tsx';
import { send } from './keeping/send.ts';
import { useDeed } from './keeping/use-deed.ts';
import {
  type ComposedAnswer,
  type Draft,
  type Language,
  LANGUAGES,
  type Level,
  LEVELS,
  type Rule,
  RULES,
  type RulesAnswer,
} from './rules/answers.ts';
import { moved } from './rules/order.ts';
import { Preview } from './rules/preview.tsx';
import { RuleForm } from './rules/rule-form.tsx';
import { RuleItem } from './rules/rule-item.tsx';
import { Trial } from './rules/trial.tsx';

/** What tutors are told: kept by administrators, read by support. */
export default function SystemRules() {
  const { translatePage } = useTranslation();
  const { say } = useWords('Rules');
  const mayChange = useRole() === 'admin';
  const { get, set } = useAddress();
  const [writing, setWriting] = useState(false);
  const [language, setLanguage] = useState<Language>('en');
  const [level, setLevel] = useState<Level>('beginner');
  const [drafts, setDrafts] = useState<readonly Draft[]>([]);
  const keepDraft = useCallback(
    (id: string | null, draft: Draft | undefined) =>
      setDrafts((before) => [...before.filter((other) => other.id !== id), ...(draft ? [draft] : [])]),
    [],
  );
  const asked = useAnswer<RulesAnswer>(RULES);
  const composed = useAnswer<ComposedAnswer>(`${RULES}/composed?${queryOf({ language, level })}`);
  const ordering = useDeed();
  const changed = (): void => {
    asked.askAgain();
    composed.askAgain();
  };
  const all = asked.answer?.rules ?? [];
  const shown = all.filter((rule) => isOf(rule, get('language'), get('level')));
  const move = async (id: string, to: string): Promise<void> => {
    const before = all.map((rule) => rule.id);
    const ids = moved(before, id, to);
    if (ids === before) return;
    await ordering.run(() => send(`${RULES}/order`, { ids }));
    changed();
  };

  return (
    <div className="fg-page" data-testid="system-rules">
      <header className="fg-head">
        <H2>{translatePage('rules')}</H2>
        <span className="kp-buttons">
          <a className="fg-button" href="#rules-preview">
            {say('toPreview')}
          </a>
          {mayChange && !writing && (
            <button type="button" className="fg-button kp-primary" onClick={() => setWriting(true)}>
              {say('add')}
            </button>
          )}
        </span>
      </header>
      <p className="fg-quiet">{say(mayChange ? 'about' : 'aboutReading')}</p>
      {writing && (
        <section className="fg-section">
          <RuleForm
            onDraft={keepDraft}
            onCancel={() => setWriting(false)}
            onSaved={() => {
              setWriting(false);
              changed();
            }}
          />
        </section>
      )}
      <div className="fg-bar">
        <Choice
          id="filter-language"
          label={say('filterLanguage')}
          value={get('language') ?? ''}
          options={[
            { value: '', label: say('all') },
            ...LANGUAGES.map((value) => ({ value, label: say(`languages.${value}`) })),
          ]}
          onChange={(value) => set({ language: value || undefined })}
        />
        <Choice
          id="filter-level"
          label={say('filterLevel')}
          value={get('level') ?? ''}
          options={[
            { value: '', label: say('all') },
            ...LEVELS.map((value) => ({ value, label: say(`levels.${value}`) })),
          ]}
          onChange={(value) => set({ level: value || undefined })}
        />
      </div>
      {ordering.refused && <RefusedNote refused={ordering.refused} />}
      <AnswerView asked={asked}>
        {() =>
          shown.length === 0 ? (
            <Empty>{say(all.length === 0 ? 'none' : 'noneOfThese')}</Empty>
          ) : (
            <ol className="kp-rules" data-testid="rules">
              {shown.map((rule, index) => (
                <RuleItem
                  key={rule.id}
                  rule={rule}
                  mayChange={mayChange}
                  above={shown[index - 1]}
                  below={shown[index + 1]}
                  ordering={ordering.busy}
                  onMove={(id, to) => void move(id, to)}
                  onDraft={keepDraft}
                  onChanged={changed}
                />
              ))}
            </ol>
          )
        }
      </AnswerView>
      <div className="fg-two" id="rules-preview">
        <Preview asked={composed} rules={all}>
          <Choice
            id="preview-language"
            label={say('language')}
            value={language}
            options={LANGUAGES.map((value) => ({ value, label: say(`languages.${value}`) }))}
            onChange={(value) => setLanguage(value as Language)}
          />
          <Choice
            id="preview-level"
            label={say('level')}
            value={level}
            options={LEVELS.map((value) => ({ value, label: say(`levels.${value}`) }))}
            onChange={(value) => setLevel(value as Level)}
          />
        </Preview>
        {mayChange && <Trial language={language} level={level} drafts={drafts} />}
      </div>
    </div>
  );
}

/** Whether a lesson of this language and level is told it; those that are for every lesson always are. */
function isOf(rule: Rule, language: string | undefined, level: string | undefined): boolean {
  return (
    (language === undefined || rule.language === null || rule.language === language) &&
    (level === undefined || rule.level === null || rule.level === level)
  );
}
