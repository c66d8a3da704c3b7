import type { Knex } from 'knex';
import type { output, ZodType } from 'zod';
import { AppError } from './errors.ts';

/** What a number counts; names of times and engines have none. */
export type SettingUnit =
  | 'bytes'
  | 'calls'
  | 'days'
  | 'kopecks'
  | 'kopecks_per_minute'
  | 'millionths_of_currency'
  | 'minutes'
  | 'ms'
  | 'probability'
  | 'rewards'
  | 'seconds'
  | 'times'
  | 'tokens';

/** Something staff may change while the house runs; a row in `settings`, or its default. */
export interface Setting<Schema extends ZodType> {
  /** `room.name`. */
  readonly key: string;
  readonly schema: Schema;
  readonly fallback: output<Schema>;
  readonly unit?: SettingUnit;
  /** For staff: what it decides, in a line. */
  readonly description: { readonly en: string; readonly ru: string };
}

export function defineSetting<Schema extends ZodType>(setting: Setting<Schema>): Setting<Schema> {
  return setting;
}

/**
 * The value as it is now, within the given transaction if it is one.
 * @throws AppError `setting_invalid`: a wrong price must stop the sale, not be replaced by another silently
 */
export async function readSetting<Schema extends ZodType>(
  knex: Knex,
  setting: Setting<Schema>,
): Promise<output<Schema>> {
  const row = await knex<{ key: string; value: unknown }>('settings').where('key', setting.key).first('value');
  if (row === undefined) return setting.fallback;
  const parsed = setting.schema.safeParse(row.value);
  if (parsed.success) return parsed.data;
  throw new AppError({
    code: 'setting_invalid',
    kind: 'internal',
    message: `The setting ${setting.key} holds a value that it cannot have.`,
    cause: parsed.error,
  });
}

/**
 * Sets a value; the one before it stays in `settings_history`.
 * @throws AppError `setting_invalid` for a value that the setting cannot have
 */
export async function writeSetting<Schema extends ZodType>(
  knex: Knex,
  setting: Setting<Schema>,
  change: { readonly value: unknown; readonly actorId: string },
): Promise<void> {
  const parsed = setting.schema.safeParse(change.value);
  if (!parsed.success) {
    throw new AppError({
      code: 'setting_invalid',
      kind: 'invalid',
      message: `The setting ${setting.key} cannot have this value.`,
      details: { errors: parsed.error.issues.map(({ message }) => ({ field: setting.key, message })) },
    });
  }
  const row = { value: JSON.stringify(parsed.data), updated_by: change.actorId, updated_at: knex.fn.now() };
  await knex('settings')
    .insert({ key: setting.key, ...row })
    .onConflict('key')
    .merge(row);
}
