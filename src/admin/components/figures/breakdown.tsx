import React from 'react';
import type { Figures, RevenueAnswer } from './answers.ts';
import { figureColumns } from './columns.ts';
import { Empty } from './parts.tsx';
import { useWords } from './words.ts';

const SHOWN: ReadonlySet<keyof Figures> = new Set([
  'sessions_count',
  'total_minutes',
  'total_revenue',
  'recognized_revenue',
  'unique_callers',
]);

interface BreakdownProps {
  readonly by: 'engine' | 'language';
  readonly answer: RevenueAnswer;
}

/** The same figures by engine or by language. */
export function Breakdown({ by, answer }: BreakdownProps) {
  const { say, formats } = useWords('Figures');
  const columns = figureColumns(formats).filter(({ name }) => SHOWN.has(name));
  const parts = answer.breakdown ?? [];
  if (parts.length === 0) return <Empty>{say('noSessions')}</Empty>;
  return (
    <div className="fg-scroll" role="region" aria-label={say(`by.${by}`)} tabIndex={0}>
      <table className="fg-table" data-testid={`by-${by}`}>
        <thead>
          <tr>
            <th scope="col">{say(by)}</th>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                {say(`figures.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.name} data-row={part.name}>
              <th scope="row">
                {by === 'language' ? say(`languages.${part.name}`, { defaultValue: part.name }) : part.name}
              </th>
              {columns.map(({ name, format }) => (
                <td key={name} data-value={part[name]}>
                  {format(part[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
