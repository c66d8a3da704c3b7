import { readModel } from '../models/read-model.ts';
import type { TableDefinition } from '../resource/definition.ts';
import { ADMINS } from '../roles.ts';

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
