import React from 'react';
import type { Latency, LatencyAnswer } from './answers.ts';
import { COLOURS, TimeChart, type Point, type Series } from './chart.tsx';
import { useWords } from './words.ts';

export const PERCENTILES = ['p50_ms', 'p95_ms', 'p99_ms'] as const;
export type Percentile = (typeof PERCENTILES)[number];

/** Shown as `p95`. */
export function nameOf(percentile: Percentile): string {
  return percentile.slice(0, 3);
}

const DASHES: Readonly<Record<Percentile, string | undefined>> = { p50_ms: '2 3', p95_ms: undefined, p99_ms: '8 4' };

interface StageChartProps {
  readonly stage: string;
  readonly answer: LatencyAnswer;
  /** All engines that are shown anywhere, so that each has one colour in every chart. */
  readonly engines: readonly string[];
  readonly percentiles: readonly Percentile[];
}

/** One stage over the days of the range: a line for each engine and percentile, and the same as a table. */
export function StageChart({ stage, answer, engines, percentiles }: StageChartProps) {
  const { say, formats } = useWords('Latency');
  const { say: sayFigures } = useWords('Figures');
  const rows = answer.days.filter((row) => row.stage === stage);
  const here = engines.filter((engine) => rows.some((row) => row.engine === engine));
  const series: Series[] = here.flatMap((engine) =>
    percentiles.map((percentile) => {
      const dash = percentiles.length > 1 ? DASHES[percentile] : undefined;
      return {
        key: keyOf(engine, percentile),
        label: `${engine} ${nameOf(percentile)}`,
        colour: COLOURS[engines.indexOf(engine) % COLOURS.length] ?? '',
        kind: 'line' as const,
        format: formats.inMs,
        ...(dash !== undefined && { dash }),
      };
    }),
  );
  const points = pointsOf(daysBetween(answer.from_date, answer.to_date), rows, formats);
  const title = say(`stages.${stage}`, { defaultValue: stage });
  const measured = points.filter((point) => series.some(({ key }) => typeof point[key] === 'number'));
  return (
    <TimeChart title={title} unit={sayFigures('units.ms')} series={series} points={points} height={260}>
      <details>
        <summary>{say('asTable')}</summary>
        <div className="fg-scroll" role="region" aria-label={title} tabIndex={0}>
          <table className="fg-table">
            <thead>
              <tr>
                <th scope="col">{sayFigures('day')}</th>
                {series.map(({ key, label }) => (
                  <th key={key} scope="col">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {measured.toReversed().map((point) => (
                <tr key={point.name}>
                  <th scope="row">{point.name}</th>
                  {series.map(({ key }) => {
                    const value = point[key];
                    return <td key={key}>{typeof value === 'number' ? formats.ms(value) : '—'}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </TimeChart>
  );
}

function keyOf(engine: string, percentile: Percentile): string {
  // recharts reads dots and brackets as ways into an object.
  return `${engine.replaceAll(/[^\w-]/g, '_')} ${percentile}`;
}

function pointsOf(
  days: readonly string[],
  rows: readonly (Latency & { readonly day: string })[],
  { day: short, date }: ReturnType<typeof useWords>['formats'],
): Point[] {
  return days.map((day) => {
    const values = rows
      .filter((row) => row.day === day)
      .flatMap((row) => PERCENTILES.map((percentile) => [keyOf(row.engine, percentile), row[percentile]] as const));
    return { ...Object.fromEntries(values), label: short(day), name: date(day) };
  });
}

/** Days without a turn leave a gap in the lines, not a jump in time. */
function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += 86_400_000) {
    days.push(new Date(ms).toISOString().slice(0, 10));
  }
  return days;
}
