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
  'user.reset_password',
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

/** By the person's address where it is about one; else as it was written down. */
const SUBJECT = `coalesce((
  SELECT person.email FROM user_accounts person WHERE person.id = CASE
    WHEN t.subject_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN NULL
    WHEN t.subject_type = 'user' THEN t.subject_id::uuid
    WHEN t.subject_type = 'call' THEN (SELECT user_account_id FROM calls WHERE id = t.subject_id::uuid)
    WHEN t.subject_type = 'payment' THEN (SELECT user_account_id FROM payments WHERE id = t.subject_id::uuid)
    WHEN t.subject_type = 'ledger_entry' THEN (SELECT user_account_id FROM wallet_transactions WHERE id = t.subject_id::uuid)
    WHEN t.subject_type = 'referral' THEN (SELECT referred_id FROM referrals WHERE id = t.subject_id::uuid)
  END
), (
  SELECT name FROM billing_packages WHERE t.subject_type = 'billing_package' AND id::text = t.subject_id
), (
  SELECT title FROM system_rules WHERE t.subject_type = 'system_rule' AND id::text = t.subject_id
), t.subject_id)`;

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
      subject: { type: 'text', sql: SUBJECT },
      details: { type: 'json' },
      ip: { type: 'text', sql: 'host(t.ip)' },
      created_at: { type: 'time', sortBy: 't.id', filter: 'range' },
    },
    title: 'action',
    sort: { sortBy: 'created_at', direction: 'desc' },
    list: ['created_at', 'actor_id', 'action', 'subject_type', 'subject', 'ip'],
    show: ['id', 'created_at', 'actor_id', 'action', 'subject_type', 'subject_id', 'details', 'ip'],
    filter: ['actor_id', 'action', 'subject_type', 'subject_id', 'created_at'],
    readers: ADMINS,
    components: { show: 'AuditShow' },
  };
}
