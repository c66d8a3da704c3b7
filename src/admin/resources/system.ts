import type { Knex } from 'knex';
import { AppError } from '../../platform/errors.ts';
import { readModel } from '../models/read-model.ts';
import type { Change, TableDefinition } from '../resource/definition.ts';
import { ADMINS } from '../roles.ts';
import type { PanelServices } from '../services.ts';

export function systemRulesTable(knex: Knex, { systemRules }: Pick<PanelServices, 'systemRules'>): TableDefinition {
  const fields = ['title', 'text', 'language', 'level', 'enabled'];
  return {
    id: 'system_rules',
    section: 'system',
    icon: 'FileText',
    model: readModel('system_rules'),
    columns: {
      id: { type: 'uuid' },
      title: { type: 'text', required: true, filter: 'contains', sortBy: 'lower(t.title)' },
      text: { type: 'long', required: true, filter: 'contains' },
      language: { type: 'choice', choices: ['en', 'ru'] },
      level: { type: 'choice', choices: ['beginner', 'intermediate', 'advanced'] },
      position: { type: 'integer', sortBy: 't.position' },
      enabled: { type: 'flag', sortBy: 't.enabled' },
      version: { type: 'integer' },
      updated_by: { type: 'text', sql: '(SELECT email FROM user_accounts WHERE id = t.updated_by)' },
      updated_at: { type: 'time', sortBy: 't.updated_at' },
    },
    title: 'title',
    sort: { sortBy: 'position', direction: 'asc' },
    list: ['position', 'title', 'language', 'level', 'enabled', 'version', 'updated_at'],
    show: [...fields, 'position', 'version', 'updated_by', 'updated_at'],
    filter: ['title', 'text', 'language', 'level', 'enabled'],
    readers: ADMINS,
    create: {
      roles: ADMINS,
      fields,
      save: async ({ by, change }) => (await systemRules.create(toRule(change), { actorId: by.id })).id,
    },
    edit: {
      roles: ADMINS,
      fields,
      async save({ id, by, change, refuseIfChanged }) {
        // The version first: whatever changes the rule after it makes the service refuse.
        const rule = (await systemRules.list()).find((candidate) => candidate.id === id);
        if (!rule) throw new AppError({ code: 'rule_not_found', kind: 'not_found', message: 'There is no such rule.' });
        await knex.transaction(refuseIfChanged);
        await systemRules.update(id, { version: rule.version, changes: toChanges(change) }, { actorId: by.id });
      },
    },
    errorFields: { rule_invalid: 'text', rule_changed: 'title' },
  };
}

type NewRule = Parameters<PanelServices['systemRules']['create']>[0];
type RuleChanges = Parameters<PanelServices['systemRules']['update']>[1]['changes'];

/** The service parses it. */
function toRule(change: Change): NewRule {
  return change as unknown as NewRule;
}

function toChanges(change: Change): RuleChanges {
  return change;
}

/** What differs from its default, and who set it; the settings' page is where it is changed. */
export function settingsTable(): TableDefinition {
  return {
    id: 'settings',
    section: 'system',
    icon: 'Sliders',
    model: readModel('settings', 'key'),
    columns: {
      key: { type: 'text', filter: 'contains', sortBy: 't.key' },
      value: { type: 'json' },
      updated_by: { type: 'text', sql: '(SELECT email FROM user_accounts WHERE id = t.updated_by)' },
      updated_at: { type: 'time', sortBy: 't.updated_at' },
    },
    title: 'key',
    sort: { sortBy: 'key', direction: 'asc' },
    list: ['key', 'value', 'updated_by', 'updated_at'],
    show: ['key', 'value', 'updated_by', 'updated_at'],
    filter: ['key'],
    readers: ADMINS,
  };
}

export function auditTable(): TableDefinition {
  return {
    id: 'audit',
    section: 'system',
    icon: 'Eye',
    model: readModel('audit_log'),
    columns: {
      id: { type: 'uuid' },
      actor_id: { type: 'reference', of: 'users' },
      action: { type: 'text', filter: 'exact' },
      subject_type: { type: 'text', filter: 'exact' },
      subject_id: { type: 'text', filter: 'exact' },
      details: { type: 'json' },
      ip: { type: 'text', sql: 'host(t.ip)' },
      created_at: { type: 'time', sortBy: 't.id', filter: 'range' },
    },
    title: 'action',
    sort: { sortBy: 'created_at', direction: 'desc' },
    list: ['created_at', 'actor_id', 'action', 'subject_type', 'subject_id', 'ip'],
    show: ['id', 'created_at', 'actor_id', 'action', 'subject_type', 'subject_id', 'details', 'ip'],
    filter: ['actor_id', 'action', 'subject_type', 'subject_id', 'created_at'],
    readers: ADMINS,
  };
}
