import type { Knex } from 'knex';

/**
 * Staff's words about a person stand in tables that are written once. When that person's account was deleted, and only then,
 * the words are replaced by a mark; of everything else each row stands as it was written, for the tables' owner too. The
 * application's role may change none of these rows itself: it may call `erase_reasons`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION is_deleted(person uuid) RETURNS boolean LANGUAGE sql STABLE
      RETURN EXISTS (SELECT FROM user_accounts WHERE id = person AND deleted_at IS NOT NULL);

    CREATE FUNCTION refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      persons uuid[];
    BEGIN
      IF TG_TABLE_NAME = 'wallet_transactions' THEN
        persons := ARRAY[OLD.user_account_id];
        OLD.reason := '…';
      ELSE
        persons := CASE OLD.subject_type
          WHEN 'user' THEN ARRAY[OLD.subject_id::uuid]
          WHEN 'call' THEN ARRAY(SELECT user_account_id FROM calls WHERE id = OLD.subject_id::uuid)
          WHEN 'payment' THEN ARRAY(SELECT user_account_id FROM payments WHERE id = OLD.subject_id::uuid)
          WHEN 'ledger_entry' THEN
            ARRAY(SELECT user_account_id FROM wallet_transactions WHERE id = OLD.subject_id::uuid)
          WHEN 'referral' THEN
            ARRAY(SELECT unnest(ARRAY[referrer_id, referred_id]) FROM referrals WHERE id = OLD.subject_id::uuid)
        END;
        OLD.details := OLD.details || '{"reason": "…"}';
      END IF;
      IF NEW IS NOT DISTINCT FROM OLD AND EXISTS (SELECT FROM unnest(persons) person WHERE is_deleted(person)) THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Correct it by a new row.';
    END $$;

    -- Whatever names another column is refused as before, rows or none; what names this one, row by row.
    DROP TRIGGER wallet_transactions_append_only ON wallet_transactions;
    -- Words about two people, which stood in the row of each when their invitation was blocked: from now on a code does.
    UPDATE wallet_transactions taken SET reason = 'referral_blocked'
    FROM audit_log block JOIN referrals referral ON referral.id = block.subject_id::uuid
    WHERE block.action = 'referral.block' AND block.subject_type = 'referral'
      AND taken.reverses_id IN (referral.reward_transaction_id, referral.welcome_transaction_id)
      AND taken.actor_id = block.actor_id AND taken.reason = block.details ->> 'reason';
    CREATE TRIGGER wallet_transactions_append_only BEFORE DELETE OR TRUNCATE OR UPDATE OF id, user_account_id, sequence,
        type, minutes_delta, balance_after, idempotency_key, reverses_id, actor_id, created_at, xid ON wallet_transactions
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER wallet_transactions_erasure BEFORE UPDATE ON wallet_transactions
      FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();
    ALTER TABLE wallet_transactions ENABLE ALWAYS TRIGGER wallet_transactions_append_only,
      ENABLE ALWAYS TRIGGER wallet_transactions_erasure;

    DROP TRIGGER audit_log_append_only ON audit_log;
    CREATE TRIGGER audit_log_append_only BEFORE DELETE OR TRUNCATE OR UPDATE OF id, actor_id, action, subject_type,
        subject_id, ip, created_at ON audit_log
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER audit_log_erasure BEFORE UPDATE ON audit_log
      FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();
    ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_append_only, ENABLE ALWAYS TRIGGER audit_log_erasure;

    -- As the owner. What is a code, and not somebody's words, stays.
    CREATE FUNCTION erase_reasons(person uuid) RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
      IF NOT is_deleted(person) THEN
        RAISE EXCEPTION 'The account % is not deleted', person USING ERRCODE = 'restrict_violation';
      END IF;
      UPDATE wallet_transactions SET reason = '…'
      WHERE user_account_id = person AND actor_id IS NOT NULL
        AND reason NOT IN ('…', 'refund', 'chargeback', 'referral_blocked');
      UPDATE payment_refunds SET reason = '…'
      WHERE payment_id IN (SELECT id FROM payments WHERE user_account_id = person) AND reason <> '…';
      UPDATE referrals SET block_reason = '…'
      WHERE (referrer_id = person OR referred_id = person) AND blocked_by IS NOT NULL AND block_reason <> '…';
      UPDATE audit_log SET details = details || '{"reason": "…"}'
      FROM (
        SELECT 'user' AS type, person AS id
        UNION ALL SELECT 'call', id FROM calls WHERE user_account_id = person
        UNION ALL SELECT 'payment', id FROM payments WHERE user_account_id = person
        UNION ALL SELECT 'ledger_entry', id FROM wallet_transactions WHERE user_account_id = person
        UNION ALL SELECT 'referral', id FROM referrals WHERE referrer_id = person OR referred_id = person
      ) subject
      WHERE subject_type = subject.type AND subject_id = subject.id::text
        AND details ->> 'reason' <> '…' AND action <> 'user.delete';
    END $$;
    REVOKE EXECUTE ON FUNCTION erase_reasons FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION erase_reasons TO ailingva_app;

    -- Of those who left before, the job that erases does it: it finds nothing else left of them.
    UPDATE account_deletions SET erased_at = NULL WHERE erased_at IS NOT NULL;
  `);
}

/** What was erased does not come back. */
export async function down(knex: Knex): Promise<void> {
  for (const table of ['wallet_transactions', 'audit_log']) {
    await knex.raw(
      `
      DROP TRIGGER :erasure: ON :table:;
      DROP TRIGGER :appendOnly: ON :table:;
      CREATE TRIGGER :appendOnly: BEFORE UPDATE OR DELETE OR TRUNCATE ON :table:
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
      ALTER TABLE :table: ENABLE ALWAYS TRIGGER :appendOnly:;
    `,
      { table, erasure: `${table}_erasure`, appendOnly: `${table}_append_only` },
    );
  }
  await knex.raw('DROP FUNCTION erase_reasons, refuse_change_but_erasure, is_deleted');
}
