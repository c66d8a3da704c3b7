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

/**
 * At most one row, by a statement that each connection prepares once under its name: for what is done thousands of times,
 * and planned for longer than it takes. A name belongs to one text.
 */
export async function selectRowPrepared<Row>(
  knex: Knex,
  name: string,
  sql: string,
  bindings: Readonly<Record<string, Knex.RawBinding>>,
): Promise<Row | undefined> {
  const { rows } = await knex.raw<{ readonly rows: Row[] }>(sql, bindings).options({ name });
  return rows[0];
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
