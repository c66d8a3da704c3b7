import type { Knex } from 'knex';
import type { ZodType } from 'zod';
import type { Setting } from '../../platform/settings.ts';
import { refusedValue, type ValueProblem } from './refused-value.ts';

/** Two numbers, by their keys, that make sense in one order alone. */
export interface SettingOrder {
  readonly lower: string;
  readonly upper: string;
  /** They may not be the same either. */
  readonly strict?: boolean;
}

/** Within the transaction that would write the value. @throws AppError `setting_invalid`, naming the other setting */
export async function refuseDisorder(
  transaction: Knex.Transaction,
  house: { readonly settings: readonly Setting<ZodType>[]; readonly orders: readonly SettingOrder[] },
  { key, value }: { readonly key: string; readonly value: unknown },
): Promise<void> {
  if (typeof value !== 'number') return;
  const problems: ValueProblem[] = [];
  for (const { lower, upper, strict = false } of house.orders) {
    if (key !== lower && key !== upper) continue;
    const isLower = key === lower;
    const other = house.settings.find((known) => known.key === (isLower ? upper : lower));
    if (!other) throw new TypeError(`The order of ${lower} and ${upper} names a setting that there is none of`);
    const bound = await readNumber(transaction, other);
    const distance = isLower ? bound - value : value - bound;
    if (distance > 0 || (distance === 0 && !strict)) continue;
    const rule = isLower ? (strict ? 'below' : 'at_most') : strict ? 'above' : 'at_least';
    problems.push({
      field: '',
      message: `must be ${rule.replace('_', ' ')} ${other.key}, which is ${bound}`,
      rule,
      bound,
      other: { key: other.key, description: other.description },
    });
  }
  if (problems.length > 0) throw refusedValue(key, problems);
}

/** What applies: the default where what is stored cannot be. */
async function readNumber(transaction: Knex.Transaction, setting: Setting<ZodType>): Promise<number> {
  const row = await transaction<{ key: string; value: unknown }>('settings').where('key', setting.key).first('value');
  const parsed = row === undefined ? undefined : setting.schema.safeParse(row.value);
  return Number(parsed?.success === true ? parsed.data : setting.fallback);
}
