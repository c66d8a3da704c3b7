import { isDeepStrictEqual } from 'node:util';
import type { Knex } from 'knex';
import type { ZodType } from 'zod';
import { writeAudit } from '../../platform/audit.ts';
import { AppError } from '../../platform/errors.ts';
import { type Setting, writeSetting } from '../../platform/settings.ts';
import { refuseDisorder, type SettingOrder } from './order.ts';
import { problemsOf, refusedValue } from './refused-value.ts';

/** A setting as it is now. */
export interface SettingState {
  readonly setting: Setting<ZodType>;
  /** What applies; the default where nothing is stored, and where what is stored cannot be. */
  readonly value: unknown;
  readonly stored: boolean;
  /** false: what is stored cannot be, so that rooms take the default or refuse to work. */
  readonly valid: boolean;
  /** Of the last change there was; a change names it, so that two editors do not overwrite each other. */
  readonly version: string | null;
  readonly changedAt: Date | null;
  /** The address of whoever did it. */
  readonly changedBy: string | null;
}

/** One value that a setting once got; without a value it went back to its default. */
export interface SettingChange {
  readonly version: string;
  readonly value: unknown;
  readonly reset: boolean;
  readonly changedBy: string | null;
  readonly changedAt: Date;
}

export interface SettingsDesk {
  list(): Promise<readonly SettingState[]>;
  /** @throws AppError `setting_not_found`, `setting_invalid`, `setting_changed` when it is not of `version` any more */
  change(key: string, change: { readonly value: unknown; readonly version: string | null }, by: By): Promise<void>;
  /** Its default applies again. @throws AppError as `change` does */
  reset(key: string, change: { readonly version: string | null }, by: By): Promise<void>;
  /** The newest first, at most a hundred. @throws AppError `setting_not_found` */
  history(key: string): Promise<readonly SettingChange[]>;
}

interface By {
  readonly actorId: string;
  readonly ip: string;
}

interface StoredRow {
  readonly key: string;
  readonly value: unknown;
}

interface HistoryRow {
  readonly id: string;
  readonly key: string;
  readonly value: unknown;
  readonly recorded_at: Date;
  readonly email: string | null;
}

const MOST_CHANGES = 100;

/**
 * Who set a value stands with it; who took one away, in the audit log, whose line has the transaction's time too.
 */
const WITH_PERSON = `
  SELECT h.id, h.key, h.value, h.recorded_at, a.email
  FROM settings_history h LEFT JOIN user_accounts a ON a.id = coalesce(h.updated_by, (
    SELECT l.actor_id FROM audit_log l
    WHERE l.subject_type = 'setting' AND l.subject_id = h.key AND l.created_at = h.recorded_at LIMIT 1))`;

/** Where staff look at the house's settings and change them. What is read afterwards anywhere is the new value. */
export function createSettingsDesk(options: {
  readonly knex: Knex;
  readonly settings: readonly Setting<ZodType>[];
  /** What must lie in order; what is already stored otherwise may be mended. */
  readonly orders?: readonly SettingOrder[];
}): SettingsDesk {
  const { knex, settings, orders = [] } = options;
  const find = (key: string): Setting<ZodType> => {
    const setting = settings.find((known) => known.key === key);
    if (setting) return setting;
    throw new AppError({ code: 'setting_not_found', kind: 'not_found', message: 'There is no such setting.' });
  };

  /** One at a time, for they are held against each other; `decide` says what is written, in the words of the audit log. */
  const alone = (key: string, version: string | null, decide: Decision): Promise<void> =>
    knex.transaction(async (transaction) => {
      await transaction.raw(`SELECT pg_advisory_xact_lock(hashtextextended('ailingva.settings', 0))`);
      const last = await transaction<HistoryRow>('settings_history').where({ key }).orderBy('id', 'desc').first('id');
      if ((last?.id ?? null) !== version) throw settingChanged();
      const row = await transaction<StoredRow>('settings').where({ key }).first('value');
      await decide(transaction, row);
    });

  return {
    async list() {
      const keys = settings.map(({ key }) => key);
      const [rows, { rows: changes }] = await Promise.all([
        knex<StoredRow>('settings').whereIn('key', keys).select('key', 'value'),
        knex.raw<{ rows: HistoryRow[] }>(
          `SELECT DISTINCT ON (key) * FROM (${WITH_PERSON} WHERE h.key = ANY(?)) c ORDER BY key, id DESC`,
          [keys],
        ),
      ]);
      const values = new Map(rows.map(({ key, value }) => [key, value]));
      const last = new Map(changes.map((change) => [change.key, change]));
      return settings.map((setting) => toState(setting, values, last.get(setting.key)));
    },

    async change(key, { value, version }, by) {
      const setting = find(key);
      const parsed = setting.schema.safeParse(value);
      if (!parsed.success) throw refusedValue(key, problemsOf(parsed.error));
      await alone(key, version, async (transaction, row) => {
        if (row !== undefined && isDeepStrictEqual(row.value, parsed.data)) return;
        await refuseDisorder(transaction, { settings, orders }, { key, value: parsed.data });
        await writeSetting(transaction, setting, { value: parsed.data, actorId: by.actorId });
        const before = row === undefined ? setting.fallback : row.value;
        await audit(transaction, 'setting.change', key, by, { before, after: parsed.data });
      });
    },

    async reset(key, { version }, by) {
      const setting = find(key);
      await alone(key, version, async (transaction, row) => {
        if (row === undefined) return;
        await refuseDisorder(transaction, { settings, orders }, { key, value: setting.fallback });
        await transaction('settings').where({ key }).delete();
        await audit(transaction, 'setting.reset', key, by, { before: row.value, after: setting.fallback });
      });
    },

    async history(key) {
      find(key);
      const { rows } = await knex.raw<{ rows: HistoryRow[] }>(
        `${WITH_PERSON} WHERE h.key = ? ORDER BY h.id DESC LIMIT ?`,
        [key, MOST_CHANGES],
      );
      return rows.map(({ id, value, recorded_at, email }) => ({
        version: id,
        value,
        reset: value === null,
        changedBy: email,
        changedAt: recorded_at,
      }));
    },
  };
}

type Decision = (transaction: Knex.Transaction, row: { readonly value: unknown } | undefined) => Promise<void>;

function toState(
  setting: Setting<ZodType>,
  values: ReadonlyMap<string, unknown>,
  last: HistoryRow | undefined,
): SettingState {
  const stored = values.has(setting.key);
  const parsed = stored ? setting.schema.safeParse(values.get(setting.key)) : undefined;
  return {
    setting,
    value: parsed?.success === true ? parsed.data : setting.fallback,
    stored,
    valid: parsed === undefined || parsed.success,
    version: last?.id ?? null,
    changedAt: last?.recorded_at ?? null,
    changedBy: last?.email ?? null,
  };
}

function audit(
  transaction: Knex.Transaction,
  action: string,
  key: string,
  by: By,
  details: { readonly before: unknown; readonly after: unknown },
): Promise<void> {
  return writeAudit(transaction, { ...by, action, subject: { type: 'setting', id: key }, details });
}

function settingChanged(): AppError {
  return new AppError({
    code: 'setting_changed',
    kind: 'conflict',
    message: 'Somebody else has changed this setting meanwhile. Look at it again.',
  });
}
