import type { Knex } from 'knex';

/** What was done to whom: by a member of staff, or at the command line. */
export interface AuditEntry {
  /** None: an operator at the command line. */
  readonly actorId?: string;
  /** `noun.verb`. */
  readonly action: string;
  readonly subject: { readonly type: string; readonly id: string };
  readonly details?: Readonly<Record<string, unknown>>;
  readonly ip?: string;
}

/** In the transaction of the deed itself: neither is there without the other. */
export async function writeAudit(transaction: Knex.Transaction, entry: AuditEntry): Promise<void> {
  await transaction('audit_log').insert({
    actor_id: entry.actorId ?? null,
    action: entry.action,
    subject_type: entry.subject.type,
    subject_id: entry.subject.id,
    details: JSON.stringify(entry.details ?? {}),
    ip: entry.ip === undefined || entry.ip === '' ? null : entry.ip,
  });
}
