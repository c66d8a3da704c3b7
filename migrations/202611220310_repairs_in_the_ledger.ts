import type { Knex } from 'knex';

/**
 * A repair of a wallet is a row of its ledger: an adjustment that gives what calls were promised, or of nothing, where
 * the caches alone were wrong. Of nothing it may be only there.
 */
export async function up(knex: Knex): Promise<void> {
  await replaceSign(
    knex,
    `WHEN type = 'adjustment' THEN minutes_delta <> 0 OR reason IS NOT DISTINCT FROM 'reconcile'`,
  );
}

/** Fails while there is a repair that gave nothing: rows of the ledger are not taken out. */
export async function down(knex: Knex): Promise<void> {
  await replaceSign(knex, `WHEN type = 'adjustment' THEN minutes_delta <> 0`);
}

async function replaceSign(knex: Knex, adjustments: string): Promise<void> {
  await knex.raw(`
    ALTER TABLE wallet_transactions
      DROP CONSTRAINT wallet_transactions_sign,
      ADD CONSTRAINT wallet_transactions_sign CHECK (
        CASE
          WHEN type IN ('deposit', 'trial', 'gift', 'referral_reward', 'referral_welcome') THEN minutes_delta > 0
          WHEN type = 'usage' THEN minutes_delta < 0
          WHEN type = 'reversal' THEN minutes_delta <> 0
          ${adjustments}
          ELSE false
        END
      )
  `);
}
