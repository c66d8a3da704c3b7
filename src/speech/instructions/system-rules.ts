import type { Knex } from 'knex';
import { z } from 'zod';
import { writeAudit } from '../../platform/audit.ts';
import { AppError } from '../../platform/errors.ts';
import { readSetting } from '../../platform/settings.ts';
import type { Language, Level } from '../engine.ts';
import { instructionTokensSetting } from '../engine-settings.ts';
import { composeRules, withDrafts, type ComposedRules, type DraftRule } from './compose-rules.ts';

export type { ComposedRules } from './compose-rules.ts';

/** One rule that tutors are given. Without a language it is of every language, without a level of every level. */
export interface SystemRule {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly language: Language | null;
  readonly level: Level | null;
  readonly position: number;
  readonly enabled: boolean;
  readonly version: number;
  readonly updatedBy: string | null;
  readonly updatedAt: Date;
}

export interface SystemRuleVersion extends Omit<SystemRule, 'id' | 'position' | 'updatedAt'> {
  readonly recordedAt: Date;
}

const fields = z.strictObject({
  title: z.string().trim().min(1).max(200),
  text: z.string().trim().min(1).max(8_000),
  language: z.enum(['en', 'ru']).nullable().default(null),
  level: z.enum(['beginner', 'intermediate', 'advanced']).nullable().default(null),
  enabled: z.boolean().default(true),
});
const changes = z.strictObject({
  title: fields.shape.title.optional(),
  text: fields.shape.text.optional(),
  language: z.enum(['en', 'ru']).nullable().optional(),
  level: z.enum(['beginner', 'intermediate', 'advanced']).nullable().optional(),
  enabled: z.boolean().optional(),
});

export type NewSystemRule = z.input<typeof fields>;
export type SystemRuleChanges = z.input<typeof changes>;

/** Who changes the rules, and from where, for the audit log. */
export interface RuleAuthor {
  readonly actorId: string;
  readonly ip?: string;
}

/** The rules are read when a call begins: a change is for calls that begin after it. */
export interface SystemRules {
  /** In their order. */
  list(): Promise<readonly SystemRule[]>;
  /** At the end of the order. @throws AppError `rule_invalid` */
  create(rule: NewSystemRule, by: RuleAuthor): Promise<SystemRule>;
  /** @throws AppError `rule_invalid`, `rule_not_found`; `rule_changed` when it is not of `version` any more */
  update(
    id: string,
    change: { readonly version: number; readonly changes: SystemRuleChanges },
    by: RuleAuthor,
  ): Promise<SystemRule>;
  /** `ids`: all rules, each once. @throws AppError `rule_order_incomplete` when they are not */
  reorder(ids: readonly string[], by: RuleAuthor): Promise<void>;
  /** Newest first. */
  versions(id: string): Promise<readonly SystemRuleVersion[]>;
  /** What a tutor of this language and level is told, within the token budget; with drafts, what it would be told. */
  compose(
    lesson: { readonly language: Language; readonly level: Level },
    drafts?: readonly DraftRule[],
  ): Promise<ComposedRules>;
}

interface RuleRow {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly language: Language | null;
  readonly level: Level | null;
  readonly position: number;
  readonly enabled: boolean;
  readonly version: number;
  readonly updated_by: string | null;
  readonly updated_at: Date;
}

/** Between two rules that follow each other; there is room for what is put in by hand. */
const STEP = 10;

export function createSystemRules({ knex }: { readonly knex: Knex }): SystemRules {
  const ordered = (connection: Knex) => connection<RuleRow>('system_rules').orderBy(['position', 'id']);
  return {
    async list() {
      return (await ordered(knex)).map(toRule);
    },

    create: (rule, by) =>
      knex.transaction(async (transaction) => {
        const parsed = parse(fields, rule);
        const last = await ordered(transaction).clearOrder().max({ position: 'position' }).first();
        const position = (last?.position ?? 0) + STEP;
        const [row] = await transaction('system_rules')
          .insert({ ...parsed, position, updated_by: by.actorId })
          .returning<RuleRow[]>('*');
        if (!row) throw new TypeError('INSERT … RETURNING gave no row');
        await audit(transaction, by, 'system_rule.create', row, { after: wordingOf(row) });
        return toRule(row);
      }),

    update: (id, { version, changes: asked }, by) =>
      knex.transaction(async (transaction) => {
        const parsed = parse(changes, asked);
        const before = await ordered(transaction)
          .forUpdate()
          .where({ id: asId(id), version })
          .first();
        if (!before) throw await missedRule(transaction, id);
        const [row] = await transaction('system_rules')
          .where({ id: before.id })
          .update({ ...parsed, version: version + 1, updated_by: by.actorId, updated_at: transaction.fn.now() })
          .returning<RuleRow[]>('*');
        if (!row) throw new TypeError('UPDATE … RETURNING gave no row');
        await audit(transaction, by, 'system_rule.update', row, differenceOf(before, row));
        return toRule(row);
      }),

    reorder: (ids, by) =>
      knex.transaction(async (transaction) => {
        const rows = await ordered(transaction).forUpdate();
        const known = new Set(rows.map((row) => row.id));
        if (ids.length !== known.size || new Set(ids).size !== ids.length || ids.some((id) => !known.has(id))) {
          throw orderIncomplete();
        }
        for (const [index, id] of ids.entries()) {
          await transaction('system_rules')
            .where({ id })
            .update({ position: STEP * (index + 1) });
        }
        await writeAudit(transaction, {
          ...by,
          action: 'system_rule.reorder',
          subject: { type: 'system_rule', id: 'all' },
          details: { before: rows.map(({ id }) => id), after: ids },
        });
      }),

    async versions(id) {
      const rows = await knex('system_rule_versions')
        .where('rule_id', asId(id))
        .orderBy('version', 'desc')
        .select<(RuleRow & { readonly recorded_at: Date })[]>('*');
      return rows.map(({ title, text, language, level, enabled, version, updated_by, recorded_at }) => {
        return { title, text, language, level, enabled, version, updatedBy: updated_by, recordedAt: recorded_at };
      });
    },

    async compose(lesson, drafts = []) {
      const [rows, tokens] = await Promise.all([ordered(knex), readSetting(knex, instructionTokensSetting)]);
      return composeRules(withDrafts(rows.map(toRule), drafts), lesson, tokens);
    },
  };
}

function toRule(row: RuleRow): SystemRule {
  const { id, title, text, language, level, position, enabled, version } = row;
  return {
    id,
    title,
    text,
    language,
    level,
    position,
    enabled,
    version,
    updatedBy: row.updated_by,
    updatedAt: row.updated_at,
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  throw new AppError({ code: 'rule_invalid', kind: 'invalid', message: 'The rule cannot be so.', details: { errors } });
}

/** What cannot be an id finds nothing. */
function asId(id: string): string {
  return z.uuid().safeParse(id).success ? id : '00000000-0000-0000-0000-000000000000';
}

async function missedRule(transaction: Knex.Transaction, id: string): Promise<AppError> {
  const there = await transaction<RuleRow>('system_rules').where('id', asId(id)).first('version');
  return there === undefined
    ? new AppError({ code: 'rule_not_found', kind: 'not_found', message: 'There is no such rule.' })
    : new AppError({
        code: 'rule_changed',
        kind: 'conflict',
        message: 'Somebody else has changed this rule meanwhile. Look at it again.',
        details: { version: there.version },
      });
}

function orderIncomplete(): AppError {
  return new AppError({
    code: 'rule_order_incomplete',
    kind: 'conflict',
    message: 'An order names every rule, each once. Look at the rules again.',
  });
}

const WORDING = ['title', 'text', 'language', 'level', 'enabled'] as const;
type Wording = Partial<Pick<RuleRow, (typeof WORDING)[number]>>;

function wordingOf(row: RuleRow, names: readonly (typeof WORDING)[number][] = WORDING): Wording {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}

/** Only of what is different: a text is long. */
function differenceOf(before: RuleRow, after: RuleRow): { readonly before: Wording; readonly after: Wording } {
  const changed = WORDING.filter((name) => before[name] !== after[name]);
  return { before: wordingOf(before, changed), after: wordingOf(after, changed) };
}

function audit(
  transaction: Knex.Transaction,
  by: RuleAuthor,
  action: string,
  { id, title, version }: RuleRow,
  change: { readonly before?: Wording; readonly after: Wording },
): Promise<void> {
  return writeAudit(transaction, {
    ...by,
    action,
    subject: { type: 'system_rule', id },
    details: { title, version, ...change },
  });
}
