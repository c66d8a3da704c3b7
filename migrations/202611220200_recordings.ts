import type { Knex } from 'knex';

/** The learner's consent to a call's recording, and the recordings. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Null: the learner was not asked, or said no.
    ALTER TABLE calls ADD COLUMN recording_consent_at timestamptz;

    CREATE TABLE call_recordings (
      call_id uuid NOT NULL REFERENCES calls ON DELETE RESTRICT,
      -- One more with each media node that the call was on.
      part integer NOT NULL CHECK (part > 0),
      store text NOT NULL CHECK (store IN ('folder', 's3')),
      object_key text NOT NULL UNIQUE,
      started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      -- The rest is written at the end; it stays null where the process died.
      ended_at timestamptz,
      duration_ms bigint CHECK (duration_ms >= 0),
      bytes bigint CHECK (bytes >= 0),
      -- False: the store failed on the way.
      complete boolean,
      PRIMARY KEY (call_id, part)
    );
    CREATE INDEX call_recordings_ended ON call_recordings (ended_at);
    GRANT SELECT, INSERT, DELETE ON call_recordings TO ailingva_app;
    GRANT UPDATE (ended_at, duration_ms, bytes, complete) ON call_recordings TO ailingva_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE call_recordings');
  await knex.raw('ALTER TABLE calls DROP COLUMN recording_consent_at');
}
