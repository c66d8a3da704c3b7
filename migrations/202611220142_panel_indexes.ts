import type { Knex } from 'knex';

/**
 * What the panel's lists are filtered by where the tables grow long. pg_trgm is not there everywhere: a search inside e-mail
 * addresses reads them all, which the accounts are few enough for; the ledger is searched by its owner.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX wallet_transactions_type ON wallet_transactions (type, id);
    CREATE INDEX wallet_transactions_created ON wallet_transactions (created_at, id);
    CREATE INDEX payments_status ON payments (status, id);
    CREATE INDEX audit_log_action ON audit_log (action, id);
    CREATE INDEX user_accounts_staff ON user_accounts (role, id) WHERE role <> 'student';
    CREATE INDEX user_accounts_blocked ON user_accounts (id) WHERE blocked_at IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX wallet_transactions_type, wallet_transactions_created, payments_status, audit_log_action, user_accounts_staff, user_accounts_blocked;
  `);
}
