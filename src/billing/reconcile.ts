import type { Knex } from 'knex';
import { selectRows } from './sql.ts';

/** A rule of the books that does not hold. */
export interface Violation {
  readonly rule: string;
  /** Whose books it is in. */
  readonly userId: string;
  /** The user, call or ledger row that breaks it. */
  readonly subject: string;
  readonly found: string;
}

/**
 * What is always true, as queries that find what breaks it. Each gives `owner`, `subject` and `found`.
 * A call had media when it was live or talked; only such calls are billed.
 */
const RULES: Readonly<Record<string, string>> = {
  balance_is_sum_of_ledger: `
    SELECT p.user_account_id AS owner, p.user_account_id AS subject, format('balance %s, ledger %s', p.minutes_balance, l.total) AS found
    FROM user_profiles p
    CROSS JOIN LATERAL (SELECT coalesce(sum(minutes_delta), 0) AS total
      FROM wallet_transactions t WHERE t.user_account_id = p.user_account_id) l
    WHERE p.minutes_balance <> l.total`,
  balance_is_sum_of_lots: `
    SELECT p.user_account_id AS owner, p.user_account_id AS subject, format('balance %s, lots %s', p.minutes_balance, l.total) AS found
    FROM user_profiles p
    CROSS JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS total
      FROM wallet_lots w WHERE w.user_account_id = p.user_account_id) l
    WHERE p.minutes_balance <> l.total`,
  held_is_sum_of_open_holds: `
    SELECT p.user_account_id AS owner, p.user_account_id AS subject, format('held %s, open holds %s', p.minutes_held, h.total) AS found
    FROM user_profiles p
    CROSS JOIN LATERAL (SELECT coalesce(sum(minutes), 0) AS total
      FROM call_holds c WHERE c.user_account_id = p.user_account_id AND c.closed_at IS NULL) h
    WHERE p.minutes_held <> h.total`,
  held_within_balance: `
    SELECT user_account_id AS owner, user_account_id AS subject, format('held %s, balance %s', minutes_held, minutes_balance) AS found
    FROM user_profiles WHERE NOT (0 <= minutes_held AND minutes_held <= minutes_balance)`,
  ledger_is_a_chain: `
    SELECT user_account_id AS owner, id AS subject, format('sequence %s of %s, balance_after %s of %s', sequence, place, balance_after, total) AS found
    FROM (SELECT user_account_id, id, sequence, balance_after,
        row_number() OVER chain AS place, sum(minutes_delta) OVER chain AS total
      FROM wallet_transactions WINDOW chain AS (PARTITION BY user_account_id ORDER BY sequence)) t
    WHERE sequence <> place OR balance_after <> total`,
  ledger_sequence_is_last: `
    SELECT p.user_account_id AS owner, p.user_account_id AS subject, format('wallet %s, ledger %s', p.ledger_sequence, l.last) AS found
    FROM user_profiles p
    CROSS JOIN LATERAL (SELECT coalesce(max(sequence), 0) AS last
      FROM wallet_transactions t WHERE t.user_account_id = p.user_account_id) l
    WHERE p.ledger_sequence <> l.last`,
  credit_has_its_lot: `
    SELECT t.user_account_id AS owner, t.id AS subject, format('credit %s, lot %s', t.minutes_delta, l.minutes) AS found
    FROM wallet_transactions t LEFT JOIN wallet_lots l ON l.wallet_transaction_id = t.id
    WHERE CASE WHEN t.minutes_delta > 0
      THEN l.minutes IS DISTINCT FROM t.minutes_delta OR l.user_account_id <> t.user_account_id
      ELSE l.id IS NOT NULL END`,
  lot_is_what_was_not_allocated: `
    SELECT w.user_account_id AS owner, w.id AS subject, format('%s of %s left, %s allocated', w.remaining, w.minutes, a.total) AS found
    FROM wallet_lots w
    CROSS JOIN LATERAL (SELECT coalesce(sum(minutes), 0) AS total
      FROM wallet_lot_allocations x WHERE x.wallet_lot_id = w.id) a
    WHERE w.remaining <> w.minutes - a.total`,
  debit_is_allocated: `
    SELECT t.user_account_id AS owner, t.id AS subject, format('debit %s, allocated %s', t.minutes_delta, a.total) AS found
    FROM wallet_transactions t
    CROSS JOIN LATERAL (SELECT coalesce(sum(minutes), 0) AS total
      FROM wallet_lot_allocations x WHERE x.wallet_transaction_id = t.id) a
    WHERE t.minutes_delta < 0 AND a.total <> -t.minutes_delta`,
  billable_call_has_one_usage: `
    SELECT c.user_account_id AS owner, c.id AS subject, format('status %s, talked %s ms, usage rows %s', c.status, c.talked_ms, u.rows) AS found
    FROM calls c
    CROSS JOIN LATERAL (SELECT count(*) AS rows FROM usage_sessions s WHERE s.call_id = c.id) u
    WHERE u.rows <> CASE
      WHEN c.status = 'finalized' AND (c.live_at IS NOT NULL OR c.talked_ms > 0) THEN 1 ELSE 0 END`,
  usage_is_what_was_debited: `
    SELECT s.user_account_id AS owner, s.id AS subject, format('billed %s, debited %s', s.billed_minutes, t.minutes_delta) AS found
    FROM usage_sessions s JOIN wallet_transactions t ON t.id = s.wallet_transaction_id
    WHERE t.minutes_delta <> -s.billed_minutes OR t.type <> 'usage' OR t.user_account_id <> s.user_account_id`,
  charge_within_hold: `
    SELECT s.user_account_id AS owner, s.id AS subject, format('billed %s, held %s', s.billed_minutes, h.minutes) AS found
    FROM usage_sessions s LEFT JOIN call_holds h ON h.call_id = s.call_id
    WHERE h.minutes IS NULL OR s.billed_minutes > h.minutes`,
  hold_lives_as_long_as_its_call: `
    SELECT c.user_account_id AS owner, c.id AS subject, format('status %s, open holds %s', c.status, h.rows) AS found
    FROM calls c
    CROSS JOIN LATERAL (SELECT count(*) AS rows FROM call_holds x WHERE x.call_id = c.id AND x.closed_at IS NULL) h
    WHERE h.rows <> CASE WHEN c.status = 'finalized' THEN 0 ELSE 1 END`,
  reversals_within_what_they_reverse: `
    SELECT t.user_account_id AS owner, t.id AS subject, format('%s, reversed %s, owed %s', t.minutes_delta, r.total, d.total) AS found
    FROM wallet_transactions t
    CROSS JOIN LATERAL (SELECT coalesce(sum(minutes_delta), 0) AS total, coalesce(bool_or(x.user_account_id <>
        t.user_account_id OR sign(x.minutes_delta) = sign(t.minutes_delta)), false) AS wrong
      FROM wallet_transactions x WHERE x.reverses_id = t.id) r
    CROSS JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS total, coalesce(bool_or(x.user_account_id <>
        t.user_account_id), false) AS wrong
      FROM wallet_debts x WHERE x.reverses_id = t.id) d
    WHERE r.wrong OR d.wrong OR abs(r.total) + d.total > abs(t.minutes_delta)`,
  debt_is_what_was_not_settled: `
    SELECT d.user_account_id AS owner, d.id AS subject, format('%s of %s left, %s settled', d.remaining, d.minutes, s.total) AS found
    FROM wallet_debts d
    CROSS JOIN LATERAL (SELECT coalesce(sum(minutes), 0) AS total
      FROM wallet_debt_settlements x WHERE x.wallet_debt_id = d.id) s
    WHERE d.remaining <> d.minutes - s.total`,
  referral_credits_have_their_referral: `
    SELECT t.user_account_id AS owner, t.id AS subject, format('%s of %s, referrals %s', t.type, t.minutes_delta, r.rows) AS found
    FROM wallet_transactions t
    CROSS JOIN LATERAL (SELECT count(*) AS rows FROM referrals x
      WHERE x.minutes = t.minutes_delta AND CASE t.type
        WHEN 'referral_reward' THEN x.reward_transaction_id = t.id AND x.referrer_id = t.user_account_id
        ELSE x.welcome_transaction_id = t.id AND x.referred_id = t.user_account_id END) r
    WHERE t.type IN ('referral_reward', 'referral_welcome') AND r.rows <> 1`,
  confirmed_referrals_are_settled: `
    SELECT r.referred_id AS owner, r.id AS subject, format('%s, confirmed %s, minutes %s', r.status, a.confirmed_at, r.minutes) AS found
    FROM referrals r JOIN user_accounts a ON a.id = r.referred_id
    WHERE (r.status = 'pending' AND a.confirmed_at IS NOT NULL)
      OR (r.welcome_transaction_id IS NULL) <> (coalesce(r.minutes, 0) = 0)`,
  settlement_is_a_reversal: `
    SELECT t.user_account_id AS owner, s.wallet_transaction_id AS subject, format('settled %s, %s %s', s.minutes, t.type, t.minutes_delta) AS found
    FROM wallet_debt_settlements s
    JOIN wallet_debts d ON d.id = s.wallet_debt_id
    JOIN wallet_transactions t ON t.id = s.wallet_transaction_id
    WHERE t.minutes_delta <> -s.minutes OR t.reverses_id IS DISTINCT FROM d.reverses_id`,
  payment_is_a_deposit: `
    SELECT p.user_account_id AS owner, p.id AS subject, format('credited %s for %s, %s %s for %s', p.credited_minutes, p.captured_kopecks, t.type,
      t.minutes_delta, l.price_kopecks) AS found
    FROM payments p
    JOIN wallet_transactions t ON t.id = p.wallet_transaction_id
    LEFT JOIN wallet_lots l ON l.wallet_transaction_id = t.id
    WHERE t.type <> 'deposit' OR t.user_account_id <> p.user_account_id OR t.minutes_delta <> p.credited_minutes
      OR l.price_kopecks IS DISTINCT FROM p.captured_kopecks`,
  refund_is_reversed_or_owed: `
    SELECT p.user_account_id AS owner, p.id AS subject, format('to reverse %s, reversed %s, owed %s', p.reversed_minutes, r.total, d.total) AS found
    FROM payments p
    CROSS JOIN LATERAL (SELECT coalesce(-sum(minutes_delta), 0) AS total
      FROM wallet_transactions t WHERE t.reverses_id = p.wallet_transaction_id) r
    CROSS JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS total
      FROM wallet_debts w WHERE w.reverses_id = p.wallet_transaction_id) d
    WHERE p.reversed_minutes <> r.total + d.total`,
  returned_money_adds_up: `
    SELECT p.user_account_id AS owner, p.id AS subject, format('refunded %s, charged back %s; returned %s and %s', p.refunded_kopecks,
      p.charged_back_kopecks, r.refunds, r.chargebacks) AS found
    FROM payments p
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_kopecks) FILTER (WHERE kind = 'refund'), 0) AS refunds,
        coalesce(sum(amount_kopecks) FILTER (WHERE kind = 'chargeback'), 0) AS chargebacks
      FROM payment_returns x WHERE x.payment_id = p.id) r
    WHERE p.refunded_kopecks <> r.refunds OR p.charged_back_kopecks <> r.chargebacks`,
};

/** Names of the rules, for the report of a check that found nothing. */
export const INVARIANTS: readonly string[] = Object.keys(RULES);

/** Reading all of the books takes longer than any query that somebody waits for. */
const STATEMENT_TIMEOUT = '15min';

/** Every rule of the books, in one snapshot of the database. Empty when all hold. Reads everything: for a nightly job. */
export async function checkInvariants(knex: Knex): Promise<Violation[]> {
  return knex.transaction(
    async (snapshot) => {
      await snapshot.raw(`SELECT set_config('statement_timeout', ?, true)`, [STATEMENT_TIMEOUT]);
      const violations: Violation[] = [];
      for (const [rule, sql] of Object.entries(RULES)) {
        const rows = await selectRows<{ owner: string; subject: string; found: string }>(snapshot, sql, {});
        violations.push(...rows.map(({ owner, subject, found }) => ({ rule, userId: owner, subject, found })));
      }
      return violations;
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}
