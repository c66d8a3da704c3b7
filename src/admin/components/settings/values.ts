import type { Words } from '../figures/words.ts';
import type { SettingAnswer } from './answers.ts';

/** A value in words: with its unit, and in what people count in where that says more. */
export function written(value: unknown, { unit }: Pick<SettingAnswer, 'unit'>, { say, formats }: Words): string {
  if (typeof value === 'boolean') return say(value ? 'yes' : 'no');
  if (typeof value === 'number') {
    const number = unit === 'probability' ? String(value) : formats.count(value);
    return unit === null ? number : `${number} ${say(`units.${unit}`)}`;
  }
  if (value === '' || (Array.isArray(value) && value.length === 0)) return say('empty');
  if (Array.isArray(value)) return value.join(' → ');
  return typeof value === 'string'
    ? value
    : leavesOf(value)
        .map(({ path, value: leaf }) => `${path}: ${typeof leaf === 'number' ? formats.count(leaf) : leaf}`)
        .join('; ');
}

/** The same amount in larger units; `undefined` where there is nothing to add. */
export function inOtherWords(value: unknown, unit: string | null, { language, formats }: Words): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const measured = (amount: number, name: string): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, maximumFractionDigits: 2 }).format(amount);
  switch (unit) {
    case 'kopecks':
    case 'kopecks_per_minute':
      return formats.roubles(value / 100);
    case 'ms':
      return value >= 1_000 ? measured(value / 1_000, 'second') : undefined;
    case 'bytes':
      return measured(value / 1_048_576, 'megabyte');
    case 'seconds':
      return value >= 60 ? measured(value / 60, 'minute') : undefined;
    default:
      return undefined;
  }
}

export interface Leaf {
  /** `tutor.openai.input` */
  readonly path: string;
  readonly value: number | string;
}

/** The numbers and words of a list of prices. */
export function leavesOf(value: unknown, prefix = ''): Leaf[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) =>
    typeof part === 'number' || typeof part === 'string'
      ? [{ path: prefix + name, value: part }]
      : leavesOf(part, `${prefix}${name}.`),
  );
}

/** The same with another value at a path. */
export function withLeaf(value: unknown, path: readonly string[], leaf: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return leaf;
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [name]: withLeaf(object[name], rest, leaf) };
}

/** Money of an engine; roubles where nothing else is said. */
export function amountIn(currency: unknown, amount: number, language: string): string {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const style = { style: 'currency', currency: currency === 'USD' ? 'USD' : 'RUB' } as const;
  const digits = { minimumFractionDigits: 0, maximumFractionDigits: 6 };
  return new Intl.NumberFormat(locale, { ...style, ...digits, currencyDisplay: 'narrowSymbol' }).format(amount);
}

/** What was typed as a number where it is one; the server says of everything else what is wrong with it. */
export function numberOf(typed: string): number | string {
  const plain = typed.replaceAll(/[\s\u00A0]/g, '').replace(',', '.');
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : typed;
}
