import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http.ts';
import { refusedValue } from './refused-value.ts';
import type { SettingChange, SettingsDesk, SettingState } from './settings-desk.ts';

/** An engine that can be chosen, and what it lacks to serve. */
export interface OfferedEngine {
  readonly name: string;
  readonly configured: boolean;
  /** The variable that would hold its key; null: it needs none. */
  readonly needs: string | null;
}

export interface SettingRoutesOptions {
  readonly desk: SettingsDesk;
  readonly engines: readonly OfferedEngine[];
}

const version = z.string().max(64).nullable().describe('Of the last change; null: it was never changed');
const settingAnswer = z
  .object({
    key: z.string(),
    room: z.string().describe('The part of the key before the dot'),
    unit: z.string().nullable(),
    description: z.object({ en: z.string(), ru: z.string() }),
    shape: z.record(z.string(), z.unknown()).describe('What it can be, as JSON Schema'),
    default: z.unknown(),
    value: z.unknown().describe('What applies now'),
    is_default: z.boolean(),
    valid: z.boolean().describe('false: what is stored cannot be; the default is shown'),
    version,
    changed_at: z.iso.datetime().nullable(),
    changed_by: z.string().nullable(),
  })
  .meta({ id: 'Setting' });
const settingsAnswer = z.object({
  settings: z.array(settingAnswer),
  engines: z.array(z.object({ name: z.string(), configured: z.boolean(), needs: z.string().nullable() })),
});
const byKey = z.object({ key: z.string().max(100) });

/** What staff may change while the house runs. No secret is among it: keys and passwords stand in the environment. */
export function settingRoutes({ desk, engines }: SettingRoutesOptions): Route[] {
  const common = { tag: 'settings', access: ['admin'] } as const;
  const one = async (key: string): Promise<z.output<typeof settingAnswer>> => {
    const state = (await desk.list()).find(({ setting }) => setting.key === key);
    if (!state) throw new TypeError('A setting that was changed is in the list');
    return toAnswer(state);
  };
  /** An engine that lacks its key cannot be chosen anew; one that was chosen before may stay where it is. */
  const refuseWithoutKey = async (key: string, value: unknown): Promise<void> => {
    const missing = engines.filter(({ configured }) => !configured);
    const asked = namesIn(value).filter((name) => missing.some((engine) => engine.name === name));
    if (asked.length === 0) return;
    const state = (await desk.list()).find(({ setting }) => setting.key === key);
    // Elsewhere such a word is no engine.
    if (!state || !mayName(state, asked)) return;
    const kept = namesIn(state.value);
    const problems = asked
      .filter((name) => !kept.includes(name))
      .map((name) => ({ field: '', rule: 'choice' as const, message: `the engine ${name} is not configured` }));
    if (problems.length > 0) throw refusedValue(key, problems);
  };
  return [
    defineRoute({
      ...common,
      method: 'get',
      path: '/api/admin/settings',
      summary: 'Every setting, with what it can be and what it is now',
      answer: settingsAnswer,
      handle: async () => ({
        settings: (await desk.list()).map(toAnswer),
        engines: engines.map(({ name, configured, needs }) => ({ name, configured, needs })),
      }),
    }),
    defineRoute({
      ...common,
      method: 'put',
      path: '/api/admin/settings/{key}',
      summary: 'Change a setting',
      description:
        'For calls that begin after it. Refused with `setting_changed` when somebody else has changed it since `version`.',
      params: byKey,
      body: z.strictObject({ value: z.unknown(), version }),
      answer: settingAnswer,
      errors: ['setting_not_found', 'setting_invalid', 'setting_changed'],
      async handle({ params: { key }, body: { value, version: seen }, principal, ip }) {
        await refuseWithoutKey(key, value);
        await desk.change(key, { value, version: seen }, { actorId: principal.userId, ip });
        return one(key);
      },
    }),
    defineRoute({
      ...common,
      method: 'put',
      path: '/api/admin/settings/{key}/default',
      summary: 'Let the default apply again',
      params: byKey,
      body: z.strictObject({ version }),
      answer: settingAnswer,
      errors: ['setting_not_found', 'setting_invalid', 'setting_changed'],
      async handle({ params: { key }, body, principal, ip }) {
        await desk.reset(key, body, { actorId: principal.userId, ip });
        return one(key);
      },
    }),
    defineRoute({
      ...common,
      method: 'get',
      path: '/api/admin/settings/{key}/history',
      summary: 'Who set what, and when; the newest first',
      params: byKey,
      answer: z.object({
        changes: z.array(
          z.object({
            version: z.string(),
            value: z.unknown().describe('null where it went back to its default'),
            reset: z.boolean(),
            changed_by: z.string().nullable().describe('null: at the command line'),
            changed_at: z.iso.datetime(),
          }),
        ),
      }),
      errors: ['setting_not_found'],
      handle: async ({ params: { key } }) => ({ changes: (await desk.history(key)).map(toChange) }),
    }),
  ];
}

/** What of a value may be an engine's name. */
function namesIn(value: unknown): string[] {
  return [value].flat().filter((name) => typeof name === 'string');
}

/** Whether these are among a setting's choices. */
function mayName({ setting }: SettingState, names: readonly string[]): boolean {
  const { enum: choices, items } = z.toJSONSchema(setting.schema, { io: 'input' }) as Choices;
  return names.some((name) => (choices ?? items?.enum ?? []).includes(name));
}

interface Choices {
  readonly enum?: readonly unknown[];
  readonly items?: { readonly enum?: readonly unknown[] };
}

function toAnswer(state: SettingState): z.output<typeof settingAnswer> {
  const { setting, value, stored, valid, version: seen, changedAt, changedBy } = state;
  const { $schema: _, ...shape } = z.toJSONSchema(setting.schema, { io: 'input' });
  return {
    key: setting.key,
    room: setting.key.split('.')[0] ?? '',
    unit: setting.unit ?? null,
    description: { ...setting.description },
    shape,
    default: setting.fallback,
    value,
    is_default: !stored,
    valid,
    version: seen,
    changed_at: changedAt?.toISOString() ?? null,
    changed_by: changedBy,
  };
}

function toChange({ version: id, value, reset, changedBy, changedAt }: SettingChange) {
  return { version: id, value, reset, changed_by: changedBy, changed_at: changedAt.toISOString() };
}
