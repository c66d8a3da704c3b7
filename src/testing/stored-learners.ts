import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';

/** Rows that a test of another room than accounts or media begins with. */

/** An account with a profile and an empty wallet. Returns its id. */
export async function insertLearner(knex: Knex): Promise<string> {
  const [account]: { id: string }[] = await knex('user_accounts')
    .insert({ email: `learner-${randomUUID()}@example.com`, password_hash: 'none' })
    .returning('id');
  if (!account) throw new Error('INSERT … RETURNING gave no row');
  await knex('user_profiles').insert({ user_account_id: account.id });
  return account.id;
}

/** A call's row, placed. Returns its id. */
export async function insertCall(knex: Knex, userId: string, nodeId = 'media-test'): Promise<string> {
  const [call]: { id: string }[] = await knex('calls')
    .insert({ user_account_id: userId, node_id: nodeId, language: 'en', level: 'beginner' })
    .returning('id');
  if (!call) throw new Error('INSERT … RETURNING gave no row');
  return call.id;
}

/** The media of a placed call is connected. */
export async function markCallLive(knex: Knex, callId: string): Promise<void> {
  await knex('calls')
    .where({ id: callId, status: 'placed' })
    .update({ status: 'live', live_at: knex.fn.now(), last_beat_at: knex.fn.now() });
}
