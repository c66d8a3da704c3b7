import type { Knex } from 'knex';

/** A call also ends when its learner's tokens do: with a new password, for example. */
export async function up(knex: Knex): Promise<void> {
  await allow(knex, ['ended_by_staff', 'blocked', 'signed_out']);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`UPDATE calls SET end_requested = 'blocked' WHERE end_requested = 'signed_out'`);
  await allow(knex, ['ended_by_staff', 'blocked']);
}

async function allow(knex: Knex, reasons: readonly string[]): Promise<void> {
  const list = reasons.map((reason) => `'${reason}'`).join(', ');
  await knex.raw(`
    ALTER TABLE calls DROP CONSTRAINT calls_end_requested_check;
    ALTER TABLE calls ADD CONSTRAINT calls_end_requested_check CHECK (end_requested IN (${list}));
  `);
}
