import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';
import { selectLedger, type LedgerEntry } from './balance.ts';
import { userNotFound } from './ledger.ts';
import { minutesOf, parseMinutes, type Minutes } from './minutes.ts';
import { selectRow } from './sql.ts';

/** More than anybody's year; beyond it a statement is asked for in parts. */
const MOST_ENTRIES = 20_000;

/** Whole days in a time zone, the last one included. */
export interface StatementPeriod {
  /** `2026-11-01` */
  readonly fromDate: string;
  readonly toDate: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
}

export interface Statement {
  readonly opening: Minutes;
  readonly closing: Minutes;
  /** The oldest first. */
  readonly entries: readonly LedgerEntry[];
}

/** @throws AppError `user_not_found`, `statement_too_long` */
export function readStatement(knex: Knex, userId: string, period: StatementPeriod): Promise<Statement> {
  const bindings = { userId, ...period };
  return knex.transaction(
    async (snapshot) => {
      const begins = `:fromDate::date::timestamp AT TIME ZONE :timeZone`;
      const ends = `(:toDate::date + 1)::timestamp AT TIME ZONE :timeZone`;
      const before = await selectRow<{ opening: string }>(
        snapshot,
        `SELECT coalesce((
           SELECT balance_after FROM wallet_transactions WHERE user_account_id = :userId AND created_at < ${begins}
           ORDER BY sequence DESC LIMIT 1), 0)::numeric(12, 2) AS opening
         FROM user_profiles WHERE user_account_id = :userId`,
        bindings,
      );
      if (!before) throw userNotFound();
      const entries = await selectLedger(
        snapshot,
        `WHERE t.user_account_id = :userId AND t.created_at >= ${begins} AND t.created_at < ${ends}
         ORDER BY t.sequence LIMIT :limit`,
        { ...bindings, limit: MOST_ENTRIES + 1 },
      );
      if (entries.length > MOST_ENTRIES) throw tooLong();
      const opening = parseMinutes(before.opening);
      const closing = minutesOf(entries.reduce((sum, { delta }) => sum + delta, Number(opening)));
      return { opening, closing, entries };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

function tooLong(): AppError {
  return new AppError({
    code: 'statement_too_long',
    kind: 'invalid',
    message: 'There is too much in this period. Ask for a shorter one.',
    details: { max_entries: MOST_ENTRIES },
  });
}
