import React from 'react';
import {
  Area,
  Bar,
  CartesianGrid,
  ComposedChart,
  Legend,
  Line,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
  type TooltipProps,
} from 'recharts';
import { token } from '../../look/palette.ts';
import { useWords } from './words.ts';

/** Variables of the style sheet, so that a chart follows the light and the dark by itself. */
export const COLOURS = Array.from({ length: 8 }, (_none, index) => `var(--chart-${index + 1})`);

export interface Series {
  readonly key: string;
  readonly label: string;
  readonly colour: string;
  readonly kind: 'bar' | 'line' | 'area';
  /** Those of one name stand on each other. */
  readonly stack?: string;
  readonly axis?: 'left' | 'right';
  readonly dash?: string;
  readonly format: (value: number) => string;
}

export interface Point {
  /** Of the axis. */
  readonly label: string;
  /** Of the tooltip: the same, in full. */
  readonly name: string;
  readonly [key: string]: string | number | null;
}

interface TimeChartProps {
  readonly title: string;
  readonly unit: string;
  readonly rightUnit?: string;
  readonly series: readonly Series[];
  readonly points: readonly Point[];
  /** The table with the same figures. */
  readonly tableId?: string | undefined;
  readonly height?: number;
  readonly children?: React.ReactNode;
}

const AXIS = { fontSize: 12, fill: token('quiet') };

/** Figures over time, the first point on the left. */
export function TimeChart(props: TimeChartProps) {
  const { title, unit, rightUnit, series, points, tableId, height = 240, children } = props;
  const { formats, language } = useWords('Figures');
  const axes = new Set(series.map(({ axis = 'left' }) => axis));
  return (
    <figure className="fg-chart" aria-label={title} aria-describedby={tableId}>
      <figcaption>
        <strong>{title}</strong>
        <span>{rightUnit === undefined ? unit : `${unit} · ${rightUnit} →`}</span>
      </figcaption>
      <ResponsiveContainer width="100%" height={height}>
        <ComposedChart data={[...points]} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} barCategoryGap="20%">
          <CartesianGrid stroke={token('line')} vertical={false} />
          <XAxis dataKey="label" tick={AXIS} tickLine={false} stroke={token('faint')} minTickGap={28} />
          {[...axes].toSorted().map((axis) => (
            <YAxis
              key={axis}
              yAxisId={axis}
              orientation={axis}
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              // `2,25 тыс.`
              width={language === 'ru' ? 68 : 52}
              allowDecimals={false}
              tickFormatter={formats.short}
            />
          ))}
          <Tooltip content={<Tip series={series} />} isAnimationActive={false} cursor={{ fill: token('paper') }} />
          {series.length > 1 && <Legend iconType="plainline" wrapperStyle={{ fontSize: 13 }} formatter={inInk} />}
          {series.map(drawing)}
        </ComposedChart>
      </ResponsiveContainer>
      {children}
    </figure>
  );
}

/** A legend's words in its line's colour would be hard to read. */
function inInk(name: string) {
  return <span style={{ color: token('ink') }}>{name}</span>;
}

/** recharts looks at its children's own types: no component of ours may stand between. */
function drawing({ key, label, colour, kind, stack, axis = 'left', dash }: Series) {
  const common = { dataKey: key, name: label, yAxisId: axis, isAnimationActive: false };
  if (kind === 'bar') {
    return (
      <Bar key={key} {...common} {...(stack !== undefined && { stackId: stack })} fill={colour} legendType="square" />
    );
  }
  const stroke = { stroke: colour, strokeWidth: 2, ...(dash !== undefined && { strokeDasharray: dash }) };
  if (kind === 'area') return <Area key={key} {...common} {...stroke} type="linear" fill={colour} fillOpacity={0.15} />;
  return <Line key={key} {...common} {...stroke} type="linear" dot={{ r: 2 }} connectNulls={false} />;
}

function Tip({ active, payload, series }: TooltipProps<number, string> & { readonly series: readonly Series[] }) {
  const point = payload?.[0]?.payload as Point | undefined;
  if (!active || !point) return null;
  return (
    <div className="fg-tip">
      <strong>{point.name}</strong>
      {series.map(({ key, label, colour, format }) => {
        const value = point[key];
        return (
          <span key={key}>
            <i style={{ background: colour }} />
            {label}
            <b>{typeof value === 'number' ? format(value) : '—'}</b>
          </span>
        );
      })}
    </div>
  );
}
