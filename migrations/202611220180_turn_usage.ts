import type { Knex } from 'knex';

/** What the engines were given and gave in a turn, and what that cost. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE call_turns
      -- By engine: [{kind, engine, audio_in_ms?, audio_out_ms?, characters?, input_tokens?, …, cost_micro_rub}].
      ADD COLUMN usage_lines jsonb NOT NULL DEFAULT '[]',
      -- Sums of the lines.
      ADD COLUMN usage_audio_in_ms bigint NOT NULL DEFAULT 0 CHECK (usage_audio_in_ms >= 0),
      ADD COLUMN usage_audio_out_ms bigint NOT NULL DEFAULT 0 CHECK (usage_audio_out_ms >= 0),
      ADD COLUMN usage_characters bigint NOT NULL DEFAULT 0 CHECK (usage_characters >= 0),
      ADD COLUMN usage_input_tokens bigint NOT NULL DEFAULT 0 CHECK (usage_input_tokens >= 0),
      ADD COLUMN usage_output_tokens bigint NOT NULL DEFAULT 0 CHECK (usage_output_tokens >= 0),
      -- Millionths of a rouble, at the prices of the moment; 10 000 are a kopeck.
      ADD COLUMN cost_micro_rub bigint NOT NULL DEFAULT 0 CHECK (cost_micro_rub >= 0);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE call_turns
      DROP COLUMN usage_lines, DROP COLUMN usage_audio_in_ms, DROP COLUMN usage_audio_out_ms,
      DROP COLUMN usage_characters, DROP COLUMN usage_input_tokens, DROP COLUMN usage_output_tokens,
      DROP COLUMN cost_micro_rub;
  `);
}
