import React from 'react';
import type { RevenueAnswer } from './answers.ts';
import { figureColumns } from './columns.ts';
import { FigureCard } from './parts.tsx';
import { useWords } from './words.ts';

interface FigureCardsProps {
  readonly answer: Pick<RevenueAnswer, 'totals' | 'previous'>;
  /** All without it. */
  readonly only?: ReadonlySet<string>;
}

/** The sums, each beside that of the period before. */
export function FigureCards({ answer, only }: FigureCardsProps) {
  const { say, formats } = useWords('Figures');
  const columns = figureColumns(formats);
  const told = new Set(columns.map(({ counted }) => counted));
  const { totals, previous } = answer;
  return (
    <>
      {columns
        .filter(({ name }) => !told.has(name) && (only === undefined || only.has(name)))
        .map(({ name, format, unit, counted }) => (
          <FigureCard
            key={name}
            name={name}
            label={say(`figures.${name}`)}
            value={totals[name]}
            before={previous?.totals[name]}
            format={format}
            unit={unit && say(`units.${unit}`)}
            note={counted && say('counted', { number: formats.count(totals[counted]) })}
          />
        ))}
    </>
  );
}
