import type { Figures } from './answers.ts';
import type { Formats } from './words.ts';

interface Column {
  readonly name: keyof Figures;
  readonly format: (value: number) => string;
  /** A word of the locales. */
  readonly unit?: 'min';
  /** How many there were, told beside it. */
  readonly counted?: keyof Figures;
}

/** The figures that are shown, in their order. */
export function figureColumns({ count, minutes, roubles }: Formats): readonly Column[] {
  return [
    { name: 'total_revenue', format: roubles },
    { name: 'recognized_revenue', format: roubles },
    { name: 'total_minutes', format: minutes, unit: 'min' },
    { name: 'free_minutes', format: minutes, unit: 'min' },
    { name: 'paid_minutes', format: minutes, unit: 'min' },
    { name: 'sessions_count', format: count },
    { name: 'average_session_minutes', format: minutes, unit: 'min' },
    { name: 'unique_callers', format: count },
    { name: 'deposits_amount', format: roubles, counted: 'deposits_count' },
    { name: 'deposits_count', format: count },
    { name: 'gifts_minutes', format: minutes, unit: 'min', counted: 'gifts_count' },
    { name: 'gifts_count', format: count },
  ];
}
