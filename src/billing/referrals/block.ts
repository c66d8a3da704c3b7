import type { Knex } from 'knex';
import { writeAudit } from '../../platform/audit.ts';
import { AppError } from '../../platform/errors.ts';
import { lockWallets } from '../ledger.ts';
import { minutesOf, minutesToJson, type Minutes } from '../minutes.ts';
import { reverseUnspent } from '../reversal.ts';
import { selectRow } from '../sql.ts';
import { reward, type LockedReferral } from './reward.ts';

export interface ReferralDecision {
  readonly referralId: string;
  /** The member of staff who decides. */
  readonly actorId: string;
  readonly ip: string;
  readonly reason: string;
}

/**
 * From now on the referral pays nothing. With `reverse`, what is unspent of both rewards is taken back, but no held
 * minutes; asked again, it takes what has become free since. Blocking what is blocked changes nothing else.
 * @throws AppError `referral_not_found`
 */
export function blockReferral(knex: Knex, decision: ReferralDecision & { readonly reverse: boolean }): Promise<void> {
  const { referralId, actorId, ip, reason, reverse } = decision;
  return knex.transaction(async (transaction) => {
    const referral = await lockReferral(transaction, referralId);
    const blocks = referral.status !== 'blocked';
    if (blocks) {
      await transaction.raw(
        `UPDATE referrals SET status = 'blocked', block_reason = :reason, blocked_by = :actorId, blocked_at = clock_timestamp()
         WHERE id = :referralId`,
        { referralId, reason, actorId },
      );
    }
    const reversed = reverse ? await reverseRewards(transaction, referral, actorId) : minutesOf(0);
    if (!blocks && reversed === 0) return;
    await writeAudit(transaction, {
      actorId,
      ip,
      action: 'referral.block',
      subject: { type: 'referral', id: referralId },
      details: {
        reason,
        reverse,
        reversed_minutes: minutesToJson(reversed),
        before: { status: referral.status },
        after: { status: 'blocked' },
      },
    });
  });
}

async function reverseRewards(
  transaction: Knex.Transaction,
  referral: LockedReferral,
  actorId: string,
): Promise<Minutes> {
  await lockWallets(transaction, [referral.referrer_id, referral.referred_id]);
  let reversed = 0;
  for (const [userId, creditId] of [
    [referral.referrer_id, referral.reward_transaction_id],
    [referral.referred_id, referral.welcome_transaction_id],
  ] as const) {
    if (creditId === null) continue;
    // A code: the words, which stand in the referral, are about two people and to be erased with either.
    reversed += await reverseUnspent(transaction, { userId, creditId, actorId, reason: 'referral_blocked' });
  }
  return minutesOf(reversed);
}

/**
 * Takes a block back: as if it had not been, except that minutes that were reversed do not come back by themselves. If
 * the invited person has confirmed meanwhile, both sides are rewarded now.
 * @throws AppError `referral_not_found`, `referral_not_blocked`
 */
export function unblockReferral(knex: Knex, decision: ReferralDecision): Promise<void> {
  const { referralId, actorId, ip, reason } = decision;
  return knex.transaction(async (transaction) => {
    // The account first, as a confirmation locks it: so this one sees whether that one is done.
    const referred = await selectRow<{ confirmed: boolean }>(
      transaction,
      `SELECT confirmed_at IS NOT NULL AS confirmed FROM user_accounts
       WHERE id = (SELECT referred_id FROM referrals WHERE id = :referralId) FOR NO KEY UPDATE`,
      { referralId },
    );
    const referral = await lockReferral(transaction, referralId);
    if (referral.status !== 'blocked') {
      throw new AppError({ code: 'referral_not_blocked', kind: 'conflict', message: 'The referral is not blocked.' });
    }
    await transaction.raw(
      `UPDATE referrals SET status = CASE WHEN rewarded_at IS NULL THEN 'pending' ELSE 'rewarded' END,
         block_reason = NULL, blocked_by = NULL, blocked_at = NULL
       WHERE id = :referralId`,
      { referralId },
    );
    const pays = referral.rewarded_at === null && referred?.confirmed === true;
    if (pays) await reward(transaction, referral);
    await writeAudit(transaction, {
      actorId,
      ip,
      action: 'referral.unblock',
      subject: { type: 'referral', id: referralId },
      details: {
        reason,
        before: { status: 'blocked', rewarded: referral.rewarded_at !== null },
        after: {
          status: pays || referral.rewarded_at !== null ? 'rewarded' : 'pending',
          rewarded: pays || referral.rewarded_at !== null,
        },
      },
    });
  });
}

async function lockReferral(transaction: Knex.Transaction, referralId: string): Promise<LockedReferral> {
  const referral = await selectRow<LockedReferral>(
    transaction,
    'SELECT * FROM referrals WHERE id = :referralId FOR NO KEY UPDATE',
    { referralId },
  );
  if (referral) return referral;
  throw new AppError({ code: 'referral_not_found', kind: 'not_found', message: 'There is no such referral.' });
}
