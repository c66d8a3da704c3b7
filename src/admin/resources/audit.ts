import { readModel } from '../models/read-model.ts';
import type { TableDefinition } from '../resource/definition.ts';
import { ADMINS } from '../roles.ts';

/** Whatever is written down, in the order of the menu. */
export const AUDIT_ACTIONS = [
  'gift.give',
  'ledger.reverse',
  'user.update',
  'user.block',
  'user.unblock',
  'user.delete',
  'referral.block',
  'referral.unblock',
  'payment.refund',
  'payment.chargeback',
  'billing_package.create',
  'billing_package.update',
  'call.end',
  'call.read_along',
  'recording.open',
  'recording.listen',
  'media_node.drain',
  'media_node.resume',
  'setting.change',
  'setting.reset',
  'system_rule.create',
  'system_rule.update',
  'system_rule.reorder',
  'job.replay',
  'analytics.rebuild',
  'books.repair',
] as const;
const SUBJECTS = [
  'user',
  'ledger_entry',
  'referral',
  'payment',
  'billing_package',
  'call',
  'media_node',
  'setting',
  'system_rule',
  'job',
  'analytics',
  'books',
] as const;

export function auditTable(): TableDefinition {
  return {
    id: 'audit',
    section: 'system',
    icon: 'Eye',
    model: readModel('audit_log'),
    columns: {
      id: { type: 'uuid' },
      actor_id: { type: 'reference', of: 'users' },
      action: { type: 'choice', choices: AUDIT_ACTIONS },
      subject_type: { type: 'choice', choices: SUBJECTS },
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
    components: { show: 'AuditShow' },
  };
}
