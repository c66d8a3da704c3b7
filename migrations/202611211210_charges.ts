import type { Knex } from 'knex';

/**
 * Charging a call, in one visit to the database: a dozen statements sent one by one kept a wallet locked for a dozen
 * round trips, and cost the client more than the server. The rules of the charge stand here and nowhere else.
 *
 * Both functions run with the rights of whoever calls them, and take their locks in the house's order: call, wallet,
 * lots. Each statement inside sees what was committed before it began, so what is read after a lock is what is there.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Takes a debit's minutes from the lots and keeps from which: the lot of the credit "first_from", then the free
    -- ones, then the oldest. To be called under the wallet's lock, which every change of a lot takes first.
    CREATE FUNCTION spend_lots(owner uuid, ledger_row uuid, spent numeric, first_from uuid DEFAULT NULL)
      RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      lot record;
      missing numeric := spent;
    BEGIN
      IF spent <= 0 THEN
        RAISE EXCEPTION 'only a positive number of minutes can be spent' USING ERRCODE = 'check_violation';
      END IF;
      WHILE missing > 0 LOOP
        UPDATE wallet_lots SET remaining = remaining - least(missing, remaining)
        WHERE id = (
          SELECT id FROM wallet_lots WHERE user_account_id = owner AND remaining > 0
          ORDER BY (wallet_transaction_id IS NOT DISTINCT FROM first_from) DESC, kind = 'paid', created_at, id
          LIMIT 1
        )
        RETURNING id, price_kopecks, minutes::numeric AS minutes, old.remaining - new.remaining AS taken,
          minutes - old.remaining AS used INTO lot;
        IF NOT FOUND THEN
          RAISE EXCEPTION 'the lots of % do not cover %', owner, spent
            USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_lots_cover_debits';
        END IF;
        -- What the minutes were worth: a difference of rounded running totals instead of a rounded part, so that a lot
        -- used up has recognized exactly its price, however many calls it took. div() is exact.
        INSERT INTO wallet_lot_allocations (wallet_transaction_id, wallet_lot_id, minutes, amount_kopecks)
        VALUES (ledger_row, lot.id, lot.taken,
          div(lot.price_kopecks * (lot.used + lot.taken), lot.minutes) - div(lot.price_kopecks * lot.used, lot.minutes));
        missing := missing - lot.taken;
      END LOOP;
    END $$;

    -- Charges an ended call and gives back what was held beyond it, once. Answers the status that the call
    -- has then ("finalized", unless it had not ended) and what it costs; no row when there is no such call. A call that
    -- never had media costs nothing.
    CREATE FUNCTION finalize_call(call_to_charge uuid)
      RETURNS TABLE (call_status text, charged_seconds integer, charged_minutes integer, charged_roubles numeric)
      LANGUAGE plpgsql AS $$
    DECLARE
      call record;
      hold record;
      wallet record;
      ledger_row uuid;
    BEGIN
      -- Whoever else finalizes it waits here, and then finds it finalized.
      UPDATE calls SET status = 'finalized', finalized_at = clock_timestamp()
      WHERE id = call_to_charge AND status = 'ended'
      RETURNING user_account_id, talked_ms, live_at, ended_at INTO call;
      IF NOT FOUND THEN
        RETURN QUERY SELECT c.status, u.duration_sec, u.billed_minutes, u.billed_amount_rub::numeric
          FROM calls c LEFT JOIN usage_sessions u ON u.call_id = c.id WHERE c.id = call_to_charge;
        RETURN;
      END IF;

      UPDATE call_holds SET closed_at = clock_timestamp() WHERE call_id = call_to_charge AND closed_at IS NULL
      RETURNING minutes::numeric AS minutes, tariff_snapshot INTO STRICT hold;

      IF call.live_at IS NOT NULL OR call.talked_ms > 0 THEN
        -- Cut to whole seconds once; each started minute, at least one, never more than was held.
        charged_seconds := call.talked_ms / 1000;
        charged_minutes := least(greatest(1, (charged_seconds + 59) / 60), floor(hold.minutes));
        -- Whole minutes at the base rate of the call's beginning, whether they were given or bought.
        charged_roubles := charged_minutes * (hold.tariff_snapshot ->> 'rate_kopecks_per_minute')::bigint * 0.01;
      END IF;

      UPDATE user_profiles
      SET minutes_balance = minutes_balance - coalesce(charged_minutes, 0), minutes_held = minutes_held - hold.minutes,
        ledger_sequence = ledger_sequence + (charged_minutes IS NOT NULL)::integer
      WHERE user_account_id = call.user_account_id
        AND minutes_balance >= coalesce(charged_minutes, 0) AND minutes_held >= hold.minutes
      RETURNING minutes_balance, ledger_sequence INTO wallet;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'the wallet does not cover the hold of the call %', call_to_charge
          USING ERRCODE = 'check_violation', CONSTRAINT = 'user_profiles_wallet_covers_holds';
      END IF;

      IF charged_minutes IS NOT NULL THEN
        INSERT INTO wallet_transactions (user_account_id, sequence, type, minutes_delta, balance_after, idempotency_key)
        VALUES (call.user_account_id, wallet.ledger_sequence, 'usage', -charged_minutes, wallet.minutes_balance,
          'usage:' || call_to_charge)
        RETURNING id INTO ledger_row;
        PERFORM spend_lots(call.user_account_id, ledger_row, charged_minutes);
        INSERT INTO usage_sessions (user_account_id, call_id, wallet_transaction_id, duration_sec, billed_minutes,
          billed_amount_rub, tariff_snapshot, created_at)
        VALUES (call.user_account_id, call_to_charge, ledger_row, charged_seconds, charged_minutes,
          charged_roubles, hold.tariff_snapshot, call.ended_at);
      END IF;
      call_status := 'finalized';
      RETURN NEXT;
    END $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION finalize_call(uuid);
    DROP FUNCTION spend_lots(uuid, uuid, numeric, uuid);
  `);
}
