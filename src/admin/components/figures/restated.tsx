import React from 'react';
import type { Bucket, Figures } from './answers.ts';
import { figureColumns } from './columns.ts';
import { Section } from './parts.tsx';
import { useWords } from './words.ts';

/** Days of which more is known now than when they were closed: both figures, where they differ. */
export function Restated({ buckets }: { readonly buckets: readonly Bucket[] }) {
  const { say, formats } = useWords('Figures');
  const columns = figureColumns(formats);
  const rows = buckets.flatMap((bucket) => {
    const closed = bucket.as_closed;
    if (closed === null) return [];
    return columns
      .filter(({ name }) => closed[name] !== bucket[name])
      .map((column) => ({ bucket, closed, column, change: bucket[column.name] - closed[column.name] }));
  });
  if (rows.length === 0) return null;
  return (
    <Section id="restated" title={say('restated.title')} about={say('restated.about')}>
      <div className="fg-scroll" role="region" aria-label={say('restated.title')} tabIndex={0}>
        <table className="fg-table">
          <thead>
            <tr>
              <th scope="col">{say('day')}</th>
              <th scope="col" className="fg-text">
                {say('restated.figure')}
              </th>
              <th scope="col">{say('restated.asClosed')}</th>
              <th scope="col">{say('restated.now')}</th>
              <th scope="col">{say('restated.change')}</th>
              <th scope="col" className="fg-text">
                {say('restated.closedAt')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ bucket, closed, column, change }) => (
              <tr key={`${bucket.starts_at} ${column.name}`}>
                <th scope="row">{formats.date(bucket.period_start)}</th>
                <td className="fg-text">{say(`figures.${column.name}`)}</td>
                <td>{column.format(figure(closed, column.name))}</td>
                <td>{column.format(figure(bucket, column.name))}</td>
                <td>{`${change > 0 ? '+' : ''}${column.format(Math.round(change * 100) / 100)}`}</td>
                <td className="fg-text">{formats.instant(closed.closed_at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function figure(figures: Figures, name: keyof Figures): number {
  return figures[name];
}
