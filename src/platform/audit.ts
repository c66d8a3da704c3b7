import type { Knex } from 'knex';

/** What a member of staff did to whom. */
export interface AuditEntry {
  readonly actorId: string;
  /** `noun.verb`. */
  readonly action: string;
  readonly subject: { readonly type: string; readonly id: string };
  readonly details?: Readonly<Record<string, unknown>>;
  readonly ip?: string;
}

/** In the transaction of the deed itself: neither is there without the other. */
export async function writeAudit(transaction: Knex.Transaction, entry: AuditEntry): Promise<void> {
  await transaction('audit_log').insert({
    actor_id: entry.actorId,
    action: entry.action,
    subject_type: entry.subject.type,
    subject_id: entry.subject.id,
    details: JSON.stringify(entry.details ?? {}),
    ip: entry.ip === undefined || entry.ip === '' ? null : entry.ip,
  });
}
