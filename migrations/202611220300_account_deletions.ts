import type { Knex } from 'knex';

/** Accounts that were deleted: the row stays for the books, without its person. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE user_accounts ADD COLUMN deleted_at timestamptz,
      -- Whatever a block ends, a deletion ends too, and nobody lets a deleted account in again.
      ADD CONSTRAINT user_accounts_deleted_is_blocked CHECK (deleted_at IS NULL OR blocked_at IS NOT NULL);
    GRANT UPDATE (deleted_at) ON user_accounts TO ailingva_app;

    -- One deletion each; what it still has to erase outside of its own transaction.
    CREATE TABLE account_deletions (
      user_account_id uuid PRIMARY KEY REFERENCES user_accounts ON DELETE RESTRICT,
      -- The user themselves, or a member of staff.
      actor_id uuid NOT NULL REFERENCES user_accounts ON DELETE RESTRICT,
      -- What was left on the balance. It stays in the ledger, where nobody can spend it.
      minutes_given_up minutes NOT NULL CHECK (minutes_given_up >= 0),
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      -- NULL: what was said, or a recording of it, may still be there.
      erased_at timestamptz
    );
    CREATE INDEX account_deletions_open ON account_deletions (created_at) WHERE erased_at IS NULL;
    GRANT SELECT, INSERT ON account_deletions TO ailingva_app;
    GRANT UPDATE (erased_at) ON account_deletions TO ailingva_app;

    -- Persons whose first account was deleted: free minutes are not given to them again. Keyed, unlike known_persons,
    -- so that whoever has the table alone cannot ask it for an address.
    CREATE TABLE departed_persons (
      person_key text PRIMARY KEY CHECK (person_key ~ '^[0-9a-f]{64}$'),
      departed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    GRANT SELECT, INSERT ON departed_persons TO ailingva_app;
    GRANT DELETE ON known_persons, referral_codes TO ailingva_app;

    -- A node may write the last words of a call after its learner was deleted, and after what they said was erased.
    CREATE FUNCTION blank_turn_of_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (
        SELECT FROM calls JOIN user_accounts account ON account.id = calls.user_account_id
        WHERE calls.id = NEW.call_id AND account.deleted_at IS NOT NULL
      ) THEN
        NEW.text := '';
        NEW.heard_text := '';
        NEW.words := NULL;
        NEW.erased_at := clock_timestamp();
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER call_turns_of_deleted BEFORE INSERT OR UPDATE ON call_turns
      FOR EACH ROW WHEN (NEW.erased_at IS NULL) EXECUTE FUNCTION blank_turn_of_deleted();

    CREATE FUNCTION forget_call_of_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM user_accounts WHERE id = NEW.user_account_id AND deleted_at IS NOT NULL) THEN
        NEW.tutor_memory := NULL;
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER calls_of_deleted BEFORE UPDATE OF tutor_memory ON calls
      FOR EACH ROW WHEN (NEW.tutor_memory IS NOT NULL) EXECUTE FUNCTION forget_call_of_deleted();
  `);
}

/** What was erased does not come back; accounts that were deleted stay blocked. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER calls_of_deleted ON calls;
    DROP TRIGGER call_turns_of_deleted ON call_turns;
    DROP FUNCTION forget_call_of_deleted();
    DROP FUNCTION blank_turn_of_deleted();
    REVOKE DELETE ON known_persons, referral_codes FROM ailingva_app;
    DROP TABLE departed_persons, account_deletions;
    ALTER TABLE user_accounts DROP COLUMN deleted_at;
  `);
}
