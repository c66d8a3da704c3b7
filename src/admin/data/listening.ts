import type { Knex } from 'knex';
import { writeAudit } from '../../platform/audit.ts';

/** A page that shows captions asks for them every few seconds: that is one reading. */
const ONE_READING_SEC = 3_600;

/** Writes down that somebody reads along in a call, unless that was written down within the hour. */
export async function noteListening(
  knex: Knex,
  { actorId, ip, callId }: { readonly actorId: string; readonly ip: string; readonly callId: string },
): Promise<void> {
  const subject = { type: 'call', id: callId };
  const known: unknown = await knex('audit_log')
    .where({ subject_type: subject.type, subject_id: subject.id, actor_id: actorId, action: 'call.read_along' })
    .where('created_at', '>', knex.raw('now() - make_interval(secs => ?)', [ONE_READING_SEC]))
    .first('id');
  if (known !== undefined) return;
  await knex.transaction((transaction) => writeAudit(transaction, { actorId, ip, action: 'call.read_along', subject }));
}
