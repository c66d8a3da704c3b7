import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { PASSWORD, type House, type Learner } from './house.ts';
import { insertCall, markCallLive } from './stored-learners.ts';

/** What stands wherever somebody is named. */
export const NAME = 'Zinaida Quellfrost';

/** Deletes their own account, giving up the trial minutes. */
export function leave(house: House, { token }: Pick<Learner, 'token'>, body: Readonly<Record<string, unknown>> = {}) {
  return house.ask('DELETE', '/api/me', { token, body: { password: PASSWORD, minutes_given_up: 60, ...body } });
}

/** Every table and column in which the text stands. */
export async function placesOf({ knex }: House, text: string): Promise<string[]> {
  const { rows: columns } = await knex.raw<{ rows: { table_name: string; column_name: string }[] }>(
    `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
       AND has_table_privilege(to_regclass(format('public.%I', table_name))::oid, 'SELECT')`,
  );
  const found: string[] = [];
  for (const { table_name: table, column_name: column } of columns) {
    const row = await knex(table)
      .whereRaw('strpos(lower(??::text), lower(?)) > 0', [column, text])
      .first(knex.raw('1'));
    if (row) found.push(`${table}.${column}`);
  }
  return found.toSorted();
}

/** A call of theirs that is connected, with words in it, and a folder for its recording. */
export async function talk(t: TestContext, { knex, billing }: House, { id: userId }: Pick<Learner, 'id'>) {
  const callId = await knex.transaction(async (transaction) => {
    const placed = await insertCall(transaction, userId);
    await billing.openCall(transaction, { callId: placed, userId });
    return placed;
  });
  await markCallLive(knex, callId);
  const say = (ordinal: number) =>
    knex('call_turns').insert({
      call_id: callId,
      ordinal,
      speaker: 'learner',
      text: `my name is ${NAME}`,
      heard_text: `my name is ${NAME}`,
      interrupted: false,
      words: JSON.stringify([{ word: NAME }]),
      engines: '{"stt": "local"}',
      started_at_ms: 100,
      duration_ms: 900,
      stages: '{"reply": 812}',
    });
  await say(0);
  await knex('calls')
    .where('id', callId)
    .update({ tutor_memory: JSON.stringify({ name: NAME }) });

  const folder = mkdtempSync(path.join(tmpdir(), 'ailingva-deletion-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = () =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
      : 0;
  return { callId, say, files, folder };
}
