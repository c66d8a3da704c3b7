import type { Knex } from 'knex';
import { parseMinutes, type Minutes } from '../minutes.ts';
import { selectRow, selectRows } from '../sql.ts';

/** What somebody's invitations came to. */
export interface Invitations {
  readonly invited: number;
  readonly confirmed: number;
  /** Given for them, less what was taken back. */
  readonly rewarded: Minutes;
}

export async function readInvitations(knex: Knex, userId: string): Promise<Invitations> {
  const row = await selectRow<{ invited: number; confirmed: number; rewarded: string }>(
    knex,
    `SELECT count(*)::integer AS invited,
       (count(*) FILTER (WHERE account.confirmed_at IS NOT NULL))::integer AS confirmed,
       (SELECT coalesce(sum(entry.minutes_delta), 0)::numeric(12, 2) FROM referrals own
          JOIN wallet_transactions entry ON own.reward_transaction_id IN (entry.id, entry.reverses_id)
        WHERE own.referrer_id = :userId AND entry.user_account_id = :userId) AS rewarded
     FROM referrals JOIN user_accounts account ON account.id = referred_id WHERE referrer_id = :userId`,
    { userId },
  );
  if (!row) throw new Error('An aggregate gave no row');
  return { invited: row.invited, confirmed: row.confirmed, rewarded: parseMinutes(row.rewarded) };
}

export const REFERRAL_STATUSES = ['pending', 'rewarded', 'blocked'] as const;
export type ReferralStatus = (typeof REFERRAL_STATUSES)[number];

export interface ReferralFilter {
  readonly id?: string | undefined;
  readonly status?: ReferralStatus | undefined;
  readonly referrerId?: string | undefined;
  readonly referredId?: string | undefined;
  /** The last id of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** A referral as staff see it. */
export interface ReferralRow {
  readonly id: string;
  readonly status: ReferralStatus;
  readonly referrer_id: string;
  readonly referrer_email: string;
  readonly referred_id: string;
  readonly referred_email: string;
  readonly referred_confirmed_at: Date | null;
  readonly minutes: string | null;
  readonly reward_minutes: string;
  readonly welcome_minutes: string;
  readonly reversed_minutes: string;
  readonly reward_withheld: 'daily_cap' | 'account_blocked' | null;
  readonly rewarded_at: Date | null;
  readonly block_reason: string | null;
  readonly blocked_by: string | null;
  readonly blocked_at: Date | null;
  readonly created_at: Date;
}

/** The newest first: ids are made in the order of time. */
export function readReferrals(knex: Knex, filter: ReferralFilter): Promise<ReferralRow[]> {
  return selectRows<ReferralRow>(
    knex,
    `SELECT r.id, r.status, r.referrer_id, referrer.email AS referrer_email, r.referred_id,
       referred.email AS referred_email, referred.confirmed_at AS referred_confirmed_at, r.minutes,
       CASE WHEN r.reward_transaction_id IS NULL THEN 0 ELSE r.minutes END AS reward_minutes,
       CASE WHEN r.welcome_transaction_id IS NULL THEN 0 ELSE r.minutes END AS welcome_minutes,
       (SELECT coalesce(-sum(minutes_delta), 0)::numeric(12, 2) FROM wallet_transactions
        WHERE reverses_id IN (r.reward_transaction_id, r.welcome_transaction_id)) AS reversed_minutes,
       r.reward_withheld, r.rewarded_at, r.block_reason, r.blocked_by, r.blocked_at, r.created_at
     FROM referrals r
     JOIN user_accounts referrer ON referrer.id = r.referrer_id
     JOIN user_accounts referred ON referred.id = r.referred_id
     WHERE (:id::uuid IS NULL OR r.id = :id::uuid)
       AND (:status::text IS NULL OR r.status = :status)
       AND (:referrerId::uuid IS NULL OR r.referrer_id = :referrerId::uuid)
       AND (:referredId::uuid IS NULL OR r.referred_id = :referredId::uuid)
       AND (:before::uuid IS NULL OR r.id < :before::uuid)
     ORDER BY r.id DESC LIMIT :limit`,
    {
      id: filter.id ?? null,
      status: filter.status ?? null,
      referrerId: filter.referrerId ?? null,
      referredId: filter.referredId ?? null,
      before: filter.before ?? null,
      limit: filter.limit,
    },
  );
}
