import { Button } from '@adminjs/design-system';
import React, { useState } from 'react';
import type { Bucket, RevenueAnswer } from './answers.ts';
import { figureColumns } from './columns.ts';
import { useWords } from './words.ts';

/** A month of days, or two days of hours; the rest when somebody wants it. */
const SHOWN_AT_FIRST = 48;

interface FigureTableProps {
  readonly id: string;
  readonly answer: RevenueAnswer;
}

/** Every figure of every day or hour, the latest first, with the sums on top. */
export function FigureTable({ id, answer }: FigureTableProps) {
  const { say, formats } = useWords('Figures');
  const [all, setAll] = useState(false);
  const columns = figureColumns(formats);
  const name = ({ period_start: start }: Bucket): string =>
    answer.grouping === 'day' ? formats.date(start) : formats.dayAndHour(start);
  const buckets = answer.buckets.toReversed();
  const shown = all ? buckets : buckets.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      <div className="fg-scroll" role="region" aria-label={say('table')} tabIndex={0}>
        <table className="fg-table" id={id}>
          <caption>{say('tableCaption', { zone: answer.time_zone })}</caption>
          <thead>
            <tr>
              <th scope="col">{say(answer.grouping === 'day' ? 'day' : 'hour')}</th>
              {columns.map((column) => (
                <th key={column.name} scope="col">
                  {say(`figures.${column.name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr className="fg-total" data-row="totals">
              <th scope="row">{say('total')}</th>
              {columns.map((column) => (
                <td key={column.name} data-value={answer.totals[column.name]}>
                  {column.format(answer.totals[column.name])}
                </td>
              ))}
            </tr>
            {shown.map((bucket) => (
              <tr key={bucket.starts_at} data-row={bucket.period_start}>
                <th scope="row">{name(bucket)}</th>
                {columns.map((column) => (
                  <td key={column.name} data-value={bucket[column.name]}>
                    {column.format(bucket[column.name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < buckets.length && (
        <Button variant="text" onClick={() => setAll(true)}>
          {say('showAll', { number: buckets.length })}
        </Button>
      )}
    </>
  );
}
