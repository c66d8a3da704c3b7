import type { Knex } from 'knex';
import type { Logger } from '../platform/log.ts';

/** Erases what a user said and what was recorded of it. Answers false while something may still be added to it. */
export type EraseTraces = (userId: string, signal?: AbortSignal) => Promise<boolean>;

export interface ErasureReport {
  readonly erased: number;
  /** Calls of theirs are not quite over. */
  readonly postponed: number;
  /** Tried again by the next run. */
  readonly failed: number;
}

const BATCH = 100;

/**
 * Erases what deleted users left outside of their account, and what staff wrote about them, and notes of each that it is
 * done: files first, the note last, so that whatever breaks in between is done again by the next run. Several runs at once
 * do no harm.
 */
export async function eraseDeleted(
  { knex, log, eraseTraces }: { readonly knex: Knex; readonly log: Logger; readonly eraseTraces: EraseTraces },
  signal?: AbortSignal,
): Promise<ErasureReport> {
  const report = { erased: 0, postponed: 0, failed: 0 };
  // By chance, so that some that fail again and again do not keep others from their turn.
  const open: { user_account_id: string }[] = await knex('account_deletions')
    .whereNull('erased_at')
    .orderByRaw('random()')
    .limit(BATCH)
    .select('user_account_id');
  for (const { user_account_id: userId } of open) {
    if (signal?.aborted === true) break;
    try {
      const done = await eraseTraces(userId, signal);
      report[done ? 'erased' : 'postponed'] += 1;
      if (done) await finish(knex, userId);
    } catch (error) {
      report.failed += 1;
      log.error({ userId, err: error }, 'What a deleted user left could not be erased; it will be tried again');
    }
  }
  return report;
}

/** The words of staff, which stand in the books and in the audit log: the database lets nothing else of a row be changed. */
async function finish(knex: Knex, userId: string): Promise<void> {
  await knex.transaction(async (transaction) => {
    await transaction.raw('SELECT erase_reasons(:userId)', { userId });
    await transaction('account_deletions')
      .where('user_account_id', userId)
      .whereNull('erased_at')
      .update({ erased_at: transaction.raw('clock_timestamp()') });
  });
}
