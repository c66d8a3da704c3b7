import assert from 'node:assert/strict';
import type { Learner } from './learner.ts';
import type { Product } from './product.ts';

/**
 * What a learner's calls have cost: one charge, of whole minutes for the time that it was talked, and the page shows
 * what is left. A call on a busy machine may last some seconds more than a minute.
 */
export async function chargedMinutes({ database }: Product, learner: Learner, email: string): Promise<number> {
  const charges: { readonly duration_sec: number; readonly billed_minutes: string }[] = await database
    .knex('usage_sessions')
    .join('user_accounts', 'user_accounts.id', 'usage_sessions.user_account_id')
    .where('email', email)
    .select('duration_sec', 'billed_minutes');
  assert.equal(charges.length, 1);
  const minutes = Number(charges[0]!.billed_minutes);
  assert.equal(minutes, Math.max(1, Math.ceil(charges[0]!.duration_sec / 60)));
  assert.equal(await learner.balance(), 60 - minutes);
  return minutes;
}
