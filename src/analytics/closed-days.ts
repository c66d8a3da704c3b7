import type { Knex } from 'knex';
import { figuresAnswer, type FiguresAnswer } from './figures-answer.ts';
import type { Range } from './range.ts';
import { selectRows } from './sql.ts';

export interface ClosedDay {
  readonly figures: FiguresAnswer;
  readonly closedAt: Date;
}

const NO_FIGURES = Object.fromEntries(Object.keys(figuresAnswer.shape).map((name) => [name, 0]));

/** By `start end` of the day, in ms. */
export async function readClosedDays(knex: Knex, { fromMs, toMs }: Range): Promise<ReadonlyMap<string, ClosedDay>> {
  const rows = await selectRows<{ starts_at: Date; ends_at: Date; figures: object; closed_at: Date }>(
    knex,
    `SELECT starts_at, ends_at, figures, closed_at FROM closed_days
     WHERE starts_at >= :since::timestamptz AND starts_at < :until::timestamptz`,
    { since: new Date(fromMs).toISOString(), until: new Date(toMs).toISOString() },
  );
  return new Map(
    rows.flatMap(({ starts_at: startsAt, ends_at: endsAt, figures, closed_at: closedAt }) => {
      // Figures that were added to the answer later are not in what was kept before.
      const kept = figuresAnswer.safeParse({ ...NO_FIGURES, ...figures });
      return kept.success ? [[`${startsAt.getTime()} ${endsAt.getTime()}`, { figures: kept.data, closedAt }]] : [];
    }),
  );
}
