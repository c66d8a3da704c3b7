import { Button, Icon } from '@adminjs/design-system';
import React from 'react';
import type { Asked } from './ask.ts';
import { useWords } from './words.ts';

interface SectionProps {
  readonly title: string;
  readonly about?: string | undefined;
  readonly children: React.ReactNode;
  readonly aside?: React.ReactNode;
  readonly id?: string;
}

export function Section({ title, about, children, aside, id }: SectionProps) {
  return (
    <section className="fg-section" data-testid={id}>
      <header className="fg-section-head">
        <div>
          <h2>{title}</h2>
          {about !== undefined && <p>{about}</p>}
        </div>
        {aside}
      </header>
      {children}
    </section>
  );
}

interface AnswerViewProps<Answer> {
  readonly asked: Asked<Answer>;
  readonly children: (answer: Answer) => React.ReactNode;
}

/** What was answered, or why there is nothing yet. An old answer is shown with a word that it is old. */
export function AnswerView<Answer>({ asked, children }: AnswerViewProps<Answer>) {
  const { answer, failure, loading, askAgain } = asked;
  return (
    <div className="fg-answer" aria-busy={loading}>
      {failure !== undefined && <Failed code={failure} onAgain={askAgain} />}
      {answer === undefined ? failure === undefined && <Loading /> : children(answer)}
    </div>
  );
}

function Loading() {
  const { say } = useWords('Figures');
  return (
    <p className="fg-quiet" role="status">
      {say('loading')}
    </p>
  );
}

/** Known failures are said in words; of others their code is. */
function Failed({ code, onAgain }: { readonly code: string; readonly onAgain: () => void }) {
  const { say } = useWords('Figures');
  const known = say(`failures.${code}`, { defaultValue: say('failures.other', { code }) });
  return (
    <div className="fg-failed" role="alert">
      <Icon icon="AlertTriangle" />
      <span>{known}</span>
      <Button size="sm" variant="outlined" onClick={onAgain}>
        {say('again')}
      </Button>
    </div>
  );
}

export function Empty({ children }: { readonly children: React.ReactNode }) {
  return <p className="fg-empty">{children}</p>;
}

interface FigureCardProps {
  readonly name: string;
  readonly label: string;
  readonly value: number;
  readonly format: (value: number) => string;
  readonly unit?: string | undefined;
  /** Of the period before. */
  readonly before?: number | undefined;
  readonly note?: string | undefined;
}

/** One figure, and how it has changed. */
export function FigureCard({ name, label, value, format, unit, before, note }: FigureCardProps) {
  const { say, formats } = useWords('Figures');
  const change = before === undefined || before === 0 ? undefined : (value - before) / Math.abs(before);
  const way = change === undefined || Math.abs(change) < 0.0005 ? 'same' : change > 0 ? 'up' : 'down';
  return (
    <div className="fg-card" data-figure={name} data-value={value}>
      <span className="fg-card-label">{label}</span>
      <span className="fg-card-value">
        {format(value)}
        {unit !== undefined && <small>{unit}</small>}
      </span>
      {note !== undefined && <span className="fg-card-note">{note}</span>}
      {before !== undefined && (
        <span className={`fg-change fg-change-${way}`} data-before={before}>
          {change === undefined ? '' : `${{ up: '▲', down: '▼', same: '=' }[way]} ${formats.percent(change)} `}
          <em>{say('before', { value: format(before) })}</em>
        </span>
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

export function Choice({ id, label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="fg-field" htmlFor={id}>
      <span>{label}</span>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TogglesProps<Value extends string> {
  readonly label: string;
  readonly value: Value | undefined;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChange: (value: Value) => void;
}

/** One of few. */
export function Toggles<Value extends string>({ label, value, options, onChange }: TogglesProps<Value>) {
  return (
    <div className="fg-toggles" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          data-choice={option.value}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
