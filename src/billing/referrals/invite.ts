import type { Knex } from 'knex';
import { AppError } from '../../platform/errors.ts';
import { selectRow } from '../sql.ts';
import { findInviter } from './code.ts';

export interface Invitation {
  readonly referredId: string;
  /** As it was typed. */
  readonly code: string;
  /** Whether the person had no account before. */
  readonly newPerson: boolean;
}

/**
 * Writes who invited a new user. An invitation of oneself, or of somebody who had an account before, is written as
 * blocked and not refused: a refusal would tell whoever tries addresses whose code it is. Loops cannot come about,
 * because only somebody who has invited nobody can be invited.
 * @throws AppError `referral_code_unknown`, `referral_exists`, `referral_loop`
 */
export async function recordReferral(transaction: Knex.Transaction, invitation: Invitation): Promise<void> {
  const { referredId, code, newPerson } = invitation;
  const referrerId = await findInviter(transaction, code);
  const facts = await selectRow<{ invited: boolean; inviting: boolean; same_person: boolean }>(
    transaction,
    `SELECT
       EXISTS (SELECT FROM referrals WHERE referred_id = :referredId) AS invited,
       referrer.id = referred.id OR EXISTS (SELECT FROM referrals WHERE referrer_id = :referredId) AS inviting,
       person_hash(referrer.email) = person_hash(referred.email) AS same_person
     FROM user_accounts referrer, user_accounts referred WHERE referrer.id = :referrerId AND referred.id = :referredId`,
    { referrerId, referredId },
  );
  if (!facts) throw new Error('Only a user can be invited');
  if (facts.invited) throw refused('referral_exists', 'Somebody else has invited this user already.');
  if (facts.inviting) throw refused('referral_loop', 'Somebody who has invited others cannot be invited any more.');

  const blockReason = facts.same_person ? 'self_invite' : newPerson ? null : 'known_person';
  const inserted = await selectRow(
    transaction,
    `INSERT INTO referrals (referrer_id, referred_id, status, block_reason, blocked_at)
     VALUES (:referrerId, :referredId, :status, :blockReason, CASE :status WHEN 'blocked' THEN clock_timestamp() END)
     ON CONFLICT (referred_id) DO NOTHING
     RETURNING id`,
    { referrerId, referredId, status: blockReason === null ? 'pending' : 'blocked', blockReason },
  );
  if (!inserted) throw refused('referral_exists', 'Somebody else has invited this user already.');
}

function refused(code: string, message: string): AppError {
  return new AppError({ code, kind: 'conflict', message });
}
