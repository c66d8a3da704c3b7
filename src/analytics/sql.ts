import type { Knex } from 'knex';

/** Rows of an explicit statement with `:named` bindings. The caller states the rows' type: it wrote the columns. */
export async function selectRows<Row>(
  knex: Knex,
  sql: string,
  bindings: Readonly<Record<string, Knex.RawBinding>> = {},
): Promise<Row[]> {
  const { rows } = await knex.raw<{ readonly rows: Row[] }>(sql, bindings);
  return rows;
}

/** The one row of a statement that always has one. */
export async function selectOne<Row>(
  knex: Knex,
  sql: string,
  bindings: Readonly<Record<string, Knex.RawBinding>> = {},
): Promise<Row> {
  const [row] = await selectRows<Row>(knex, sql, bindings);
  if (row === undefined) throw new Error('A statement that always has a row gave none');
  return row;
}
