import type { Knex } from 'knex';

/** Rows of an explicit statement with `:named` bindings. The caller states the rows' type: it wrote the columns. */
export async function selectRows<Row>(
  knex: Knex,
  sql: string,
  bindings: Readonly<Record<string, Knex.RawBinding>>,
): Promise<Row[]> {
  const { rows } = await knex.raw<{ readonly rows: Row[] }>(sql, bindings);
  return rows;
}

/** At most one row. */
export async function selectRow<Row>(
  knex: Knex,
  sql: string,
  bindings: Readonly<Record<string, Knex.RawBinding>>,
): Promise<Row | undefined> {
  const [row] = await selectRows<Row>(knex, sql, bindings);
  return row;
}
