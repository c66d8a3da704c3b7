import type { Knex } from 'knex';
import { readReferralDailyCap, readReferralMinutes } from '../billing-settings.ts';
import { credit, lockWallets } from '../ledger.ts';
import { formatMinutes, type Minutes } from '../minutes.ts';
import { NO_MONEY } from '../money.ts';
import { selectRow } from '../sql.ts';

/** A referral under its row's lock, which is taken before any wallet's. */
export interface LockedReferral {
  readonly id: string;
  readonly referrer_id: string;
  readonly referred_id: string;
  readonly status: 'pending' | 'rewarded' | 'blocked';
  readonly reward_transaction_id: string | null;
  readonly welcome_transaction_id: string | null;
  readonly rewarded_at: Date | null;
}

/** Gives both sides their minutes, in the transaction that confirms the invited person. Anybody else: nothing. */
export async function rewardConfirmed(transaction: Knex.Transaction, referredId: string): Promise<void> {
  const referral = await selectRow<LockedReferral>(
    transaction,
    'SELECT * FROM referrals WHERE referred_id = :referredId FOR NO KEY UPDATE',
    { referredId },
  );
  if (referral?.status === 'pending') await reward(transaction, referral);
}

/** The referral is locked and was not rewarded yet. */
export async function reward(transaction: Knex.Transaction, referral: LockedReferral): Promise<void> {
  const { id, referrer_id: referrerId, referred_id: referredId } = referral;
  const minutes = await readReferralMinutes(transaction);
  await lockWallets(transaction, [referrerId, referredId]);
  const withheld = await whyWithheld(transaction, referrerId);
  const give = async (type: 'referral_reward' | 'referral_welcome', userId: string, due: Minutes) => {
    if (due === 0) return null;
    const posting = await credit(transaction, {
      userId,
      type,
      minutes: due,
      price: NO_MONEY,
      idempotencyKey: `${type}:${id}`,
    });
    return posting.transactionId;
  };
  const welcomeId = await give('referral_welcome', referredId, minutes);
  const rewardId = withheld === null ? await give('referral_reward', referrerId, minutes) : null;
  await transaction.raw(
    `UPDATE referrals
     SET status = 'rewarded', minutes = :minutes, rewarded_at = clock_timestamp(), reward_transaction_id = :rewardId,
       welcome_transaction_id = :welcomeId, reward_withheld = :withheld
     WHERE id = :id`,
    { id, minutes: formatMinutes(minutes), rewardId, welcomeId, withheld },
  );
}

/**
 * Under the inviter's wallet lock, which everything that rewards them takes: so the count cannot be overrun. Over the
 * cap the invited person still gets theirs, since the promise was made to them; the inviter's is not paid later.
 */
async function whyWithheld(
  transaction: Knex.Transaction,
  referrerId: string,
): Promise<'daily_cap' | 'account_blocked' | null> {
  const facts = await selectRow<{ blocked: boolean; today: number }>(
    transaction,
    `SELECT blocked_at IS NOT NULL AS blocked,
       (SELECT count(*)::integer FROM referrals WHERE referrer_id = :referrerId AND reward_transaction_id IS NOT NULL
          AND rewarded_at > clock_timestamp() - interval '24 hours') AS today
     FROM user_accounts WHERE id = :referrerId`,
    { referrerId },
  );
  if (!facts || facts.blocked) return 'account_blocked';
  return facts.today >= (await readReferralDailyCap(transaction)) ? 'daily_cap' : null;
}
