import type { Knex } from 'knex';

/** What staff may change while the house runs, with every earlier value; and who did what. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE settings (
      key text PRIMARY KEY CHECK (key ~ '^[a-z][a-z0-9_.]{0,99}$'),
      value jsonb NOT NULL,
      updated_by uuid REFERENCES user_accounts ON DELETE RESTRICT,
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON settings TO ailingva_app;

    CREATE TABLE settings_history (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      key text NOT NULL,
      -- NULL: the setting was removed, the default applies again.
      value jsonb,
      updated_by uuid,
      recorded_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX settings_history_key ON settings_history (key, id);
    GRANT SELECT ON settings_history TO ailingva_app;

    -- As the owner, so that the application can add to the history only by changing a setting.
    CREATE FUNCTION record_setting() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        INSERT INTO settings_history (key) VALUES (OLD.key);
      ELSE
        INSERT INTO settings_history (key, value, updated_by) VALUES (NEW.key, NEW.value, NEW.updated_by);
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER settings_recorded AFTER INSERT OR UPDATE OR DELETE ON settings
      FOR EACH ROW EXECUTE FUNCTION record_setting();
    CREATE TRIGGER settings_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settings_history
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE settings_history ENABLE ALWAYS TRIGGER settings_history_append_only;

    CREATE TABLE audit_log (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      actor_id uuid REFERENCES user_accounts ON DELETE RESTRICT,
      action text NOT NULL CHECK (action ~ '^[a-z][a-z0-9_.]{0,99}$'),
      subject_type text NOT NULL,
      subject_id text NOT NULL,
      details jsonb NOT NULL DEFAULT '{}',
      ip inet,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX audit_log_subject ON audit_log (subject_type, subject_id, id);
    CREATE INDEX audit_log_actor ON audit_log (actor_id, id);
    GRANT SELECT, INSERT ON audit_log TO ailingva_app;
    CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_append_only;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE audit_log, settings_history, settings;
    DROP FUNCTION record_setting();
  `);
}
