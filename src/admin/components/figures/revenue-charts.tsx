import React from 'react';
import type { RevenueAnswer } from './answers.ts';
import { COLOURS, TimeChart, type Point, type Series } from './chart.tsx';
import { useWords } from './words.ts';

const [GREEN = '', AMBER = '', BLUE = '', RED = ''] = COLOURS;

interface RevenueChartsProps {
  readonly answer: RevenueAnswer;
  readonly tableId: string;
}

export function RevenueCharts({ answer, tableId }: RevenueChartsProps) {
  const { say, formats } = useWords('Figures');
  const { roubles, minutes, count } = formats;
  const points = pointsOf(answer, formats);
  const figure = (key: string): string => say(`figures.${key}`);
  const revenue: Series[] = [
    { key: 'total_revenue', label: figure('total_revenue'), colour: GREEN, kind: 'area', format: roubles },
    { key: 'recognized_revenue', label: figure('recognized_revenue'), colour: AMBER, kind: 'line', format: roubles },
  ];
  const talked: Series[] = [
    { key: 'paid_minutes', label: figure('paid_minutes'), colour: GREEN, kind: 'bar', stack: 'all', format: minutes },
    { key: 'free_minutes', label: figure('free_minutes'), colour: AMBER, kind: 'bar', stack: 'all', format: minutes },
  ];
  const people: Series[] = [
    { key: 'sessions_count', label: figure('sessions_count'), colour: GREEN, kind: 'bar', format: count },
    { key: 'unique_callers', label: figure('unique_callers'), colour: BLUE, kind: 'line', format: count },
    {
      key: 'average_session_minutes',
      label: figure('average_session_minutes'),
      colour: RED,
      kind: 'line',
      axis: 'right',
      dash: '5 4',
      format: minutes,
    },
  ];
  const given: Series[] = [
    { key: 'deposits_amount', label: figure('deposits_amount'), colour: GREEN, kind: 'bar', format: roubles },
    {
      key: 'gifts_minutes',
      label: figure('gifts_minutes'),
      colour: AMBER,
      kind: 'line',
      axis: 'right',
      format: minutes,
    },
  ];
  const common = { points, tableId };
  return (
    <div className="fg-charts">
      <TimeChart {...common} title={say('charts.revenue')} unit={say('units.roubles')} series={revenue} />
      <TimeChart {...common} title={say('charts.minutes')} unit={say('units.minutes')} series={talked} />
      <TimeChart
        {...common}
        title={say('charts.people')}
        unit={say('units.number')}
        rightUnit={say('units.minutes')}
        series={people}
      />
      <TimeChart
        {...common}
        title={say('charts.given')}
        unit={say('units.roubles')}
        rightUnit={say('units.minutes')}
        series={given}
      />
    </div>
  );
}

/** A single day by the hour needs no dates on its axis. */
export function pointsOf(
  { grouping, buckets }: RevenueAnswer,
  { day, hour, dayAndHour, date }: ReturnType<typeof useWords>['formats'],
): Point[] {
  const first = buckets[0]?.period_start.slice(0, 10);
  const oneDay = buckets.every(({ period_start: start }) => start.startsWith(first ?? ''));
  return buckets.map(({ period_start: start, as_closed: _closed, ...figures }) =>
    Object.assign(
      { ...figures },
      grouping === 'day'
        ? { label: day(start), name: date(start) }
        : { label: (oneDay ? hour : dayAndHour)(start), name: dayAndHour(start) },
    ),
  );
}
