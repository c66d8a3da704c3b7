import type { Knex } from 'knex';
import { byRows, type Cover } from './cover.ts';
import { bindingsOf, cellsOf, isOfAll, only, placesOf, type Cursor, type Filter, type Key } from './places.ts';
import { selectRows } from './sql.ts';
import { chunkOf, setOf } from './usage-figures.ts';

export interface CallerCounts {
  readonly by: ReadonlyMap<string, number>;
  /** In the whole cover: who called twice is counted once. */
  readonly all: number;
}

/** How many different people called: exact over any range, because sets are united, not counts added. */
export async function readCallers(
  knex: Knex,
  asked: Cover,
  { cursor, filter, key }: { readonly cursor: Cursor; readonly filter: Filter; readonly key: Key },
): Promise<CallerCounts> {
  const each = key !== 'bucket';
  // Sets of less than a day are kept for all together.
  const cover = !each && isOfAll(filter) ? asked : byRows(asked, 'hours', 'quarters');
  const table = setsOf(cover, filter, each);
  if (table === '') return { by: new Map(), all: 0 };
  const rows = await selectRows<{ key: string | number | null; callers: number }>(
    knex,
    `WITH sets AS MATERIALIZED (
       SELECT ${key} AS key, chunk, bit_or(members) AS members FROM (${table}) cells GROUP BY 1, 2
     )
     SELECT key, sum(bit_count(members))::bigint AS callers FROM sets GROUP BY key
     UNION ALL
     SELECT NULL, coalesce(sum(bit_count(members)), 0)::bigint
     FROM (SELECT bit_or(members) AS members FROM sets GROUP BY chunk) everybody`,
    bindingsOf(cover, cursor, filter),
  );
  return {
    by: new Map(rows.flatMap((row) => (row.key === null ? [] : [[String(row.key), row.callers]]))),
    all: rows.find((row) => row.key === null)?.callers ?? 0,
  };
}

function setsOf(cover: Cover, filter: Filter, each: boolean): string {
  const parts = each ? ', f.engine, f.language' : '';
  return placesOf(cover, {
    columns: `f.chunk, f.members${parts}`,
    daily: cellsOf('callers_daily', filter, each),
    hourly: 'SELECT * FROM callers_hourly',
    quarterly: 'SELECT * FROM callers_quarterly',
    rows: `SELECT number, engine, language, created_at, xid FROM usage_sessions JOIN analytics_callers USING (user_account_id)
      WHERE ${only(filter)}`,
    summed: {
      columns: `${chunkOf('f.number')} AS chunk, ${setOf('f.number')} AS members${parts}`,
      grouping: `bucket, chunk${parts}`,
    },
  });
}
