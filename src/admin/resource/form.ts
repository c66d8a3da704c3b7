import { ValidationError } from 'adminjs';
import type { Column, Columns } from './columns.ts';
import type { Change } from './definition.ts';
import type { Row } from './row.ts';

type Value = Change[string];
type Problems = Record<string, { type: string; message: string }>;

const LONGEST_TEXT = 10_000;
const NOTHING = Symbol('not a value of this column');

/**
 * What of a form may be written: the named fields alone, parsed by their columns' types. Everything else that was sent
 * (ids, hidden fields, what AdminJS sends back unchanged) is dropped.
 * @param before the record as it stands; fields with the same value are left out
 * @throws ValidationError naming each field that does not parse
 */
export function parseForm(
  columns: Columns,
  fields: readonly string[],
  params: Readonly<Record<string, unknown>>,
  before: Row = {},
): Change {
  const change: Record<string, Value> = {};
  const problems: Problems = {};
  for (const name of fields) {
    const column = columns[name];
    if (!column || !Object.hasOwn(params, name)) continue;
    const value = parse(column, params[name]);
    if (value === NOTHING) problems[name] = { type: 'invalid', message: 'fieldInvalid' };
    else if (value === null && column.required) problems[name] = { type: 'required', message: 'fieldRequired' };
    else if (!same(value, before[name])) change[name] = value;
  }
  for (const name of fields) {
    const missing = columns[name]?.required === true && !Object.hasOwn(params, name) && !Object.hasOwn(before, name);
    if (missing) problems[name] = { type: 'required', message: 'fieldRequired' };
  }
  if (Object.keys(problems).length > 0) throw new ValidationError(problems);
  return change;
}

function parse(column: Column, given: unknown): Value | typeof NOTHING {
  if (given === undefined || given === null || given === '') return isText(column) ? empty(column) : null;
  if (column.type === 'flag') {
    if (given === true || given === 'true') return true;
    return given === false || given === 'false' ? false : NOTHING;
  }
  if (typeof given !== 'string' && typeof given !== 'number') return NOTHING;
  const text = String(given).trim();
  if (text.length > LONGEST_TEXT || text.includes('\u0000')) return NOTHING;
  switch (column.type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : NOTHING;
    case 'decimal':
      return /^-?\d{1,12}([.,]\d{1,2})?$/.test(text) ? text.replace(',', '.') : NOTHING;
    case 'choice':
      return column.choices.includes(text) ? text : NOTHING;
    case 'text':
    case 'long':
      return text === '' ? empty(column) : text;
    default:
      return NOTHING;
  }
}

function isText({ type }: Column): boolean {
  return type === 'text' || type === 'long';
}

/** An empty text is a text, unless there must be one. */
function empty(column: Column): string | null {
  return column.required ? null : '';
}

function same(value: Value, before: unknown): boolean {
  if (before === undefined) return false;
  if (typeof value === 'string' && typeof before === 'string' && /^-?\d+([.]\d+)?$/.test(value)) {
    return value === before || Number(value) === Number(before);
  }
  return value === before || (value === '' && before === null);
}
