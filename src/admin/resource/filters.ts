import type { Model, QueryBuilder } from 'objection';
import { raw } from 'objection';
import { AppError } from '../../platform/errors.ts';
import { expressionOf, type Column, type Columns } from './columns.ts';

/** A condition that was asked for, parsed by its column's type. */
export interface Condition {
  readonly name: string;
  readonly column: Column;
  readonly wanted:
    | { readonly kind: 'equals'; readonly value: string | number | boolean }
    | { readonly kind: 'contains'; readonly text: string }
    | { readonly kind: 'between'; readonly from: Date | undefined; readonly to: Date | undefined };
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const LONGEST = 200;

/**
 * @param filters what stood in the address, by column: a text, or `{from, to}`
 * @throws AppError `filter_unknown`, `filter_invalid`
 */
export function parseFilters(
  columns: Columns,
  allowed: readonly string[],
  filters: Readonly<Record<string, unknown>>,
): Condition[] {
  return Object.entries(filters).flatMap(([name, value]) => {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (!column || !allowed.includes(name)) throw refused('filter_unknown', name, 'cannot be filtered by');
    if (value === '' || value === undefined || value === null) return [];
    const wanted = parse(column, value);
    if (wanted === undefined) throw refused('filter_invalid', name, 'cannot have this value');
    return [{ name, column, wanted }];
  });
}

function parse(column: Column, value: unknown): Condition['wanted'] | undefined {
  if (column.type === 'time') return parsePeriod(value);
  if (typeof value !== 'string' || value.length > LONGEST || value.includes('\u0000')) return undefined;
  const text = value.trim();
  switch (column.type) {
    case 'uuid':
    case 'reference':
      return UUID.test(text) ? { kind: 'equals', value: text } : undefined;
    case 'flag':
      return text === 'true' || text === 'false' ? { kind: 'equals', value: text === 'true' } : undefined;
    case 'choice':
      return column.choices.includes(text) ? { kind: 'equals', value: text } : undefined;
    case 'integer': {
      const number = Number(text);
      return /^-?\d{1,15}$/.test(text) ? { kind: 'equals', value: number } : undefined;
    }
    case 'decimal':
      return /^-?\d{1,12}(\.\d{1,4})?$/.test(text) ? { kind: 'equals', value: text } : undefined;
    default:
      return column.filter === 'exact' ? { kind: 'equals', value: text } : { kind: 'contains', text };
  }
}

function parsePeriod(value: unknown): Condition['wanted'] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { from, to, ...others } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0) return undefined;
  const [start, end] = [parseTime(from), parseTime(to)];
  return start === null || end === null ? undefined : { kind: 'between', from: start, to: end };
}

/** `null`: it is none. */
function parseTime(value: unknown): Date | undefined | null {
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return null;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? null : time;
}

export function applyConditions(query: QueryBuilder<Model>, conditions: readonly Condition[]): void {
  for (const { name, column, wanted } of conditions) {
    const expression = expressionOf(name, column);
    if (wanted.kind === 'equals') {
      query.where(raw(`${expression} = ?`, [wanted.value]));
    } else if (wanted.kind === 'contains') {
      query.where(raw(`(${expression})::text ilike ? escape '\\'`, [`%${escapePattern(wanted.text)}%`]));
    } else {
      if (wanted.from) query.where(raw(`${expression} >= ?`, [wanted.from]));
      if (wanted.to) query.where(raw(`${expression} <= ?`, [wanted.to]));
    }
  }
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}

function refused(code: string, name: string, problem: string): AppError {
  return new AppError({
    code,
    kind: 'invalid',
    message: `The list ${problem}: ${name.slice(0, 40)}`,
    details: { errors: [{ field: `filters.${name.slice(0, 40)}`, message: problem }] },
  });
}
