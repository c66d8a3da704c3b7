import type { ValidationError } from 'adminjs';
import { BaseRecord, BaseResource, type ActionContext, type Filter, type ParamsType } from 'adminjs';
import type { Knex } from 'knex';
import { raw, type Model, type QueryBuilder } from 'objection';
import { AppError } from '../../platform/errors.ts';
import { visitorOf, type Visitor } from '../roles.ts';
import { ColumnProperty, expressionOf, type Column } from './columns.ts';
import type { TableDefinition } from './definition.ts';
import type { Row } from './row.ts';
import { applyConditions, parseFilters, type Condition } from './filters.ts';
import { parseForm } from './form.ts';
import { toValidationError } from './service-errors.ts';

/** Nobody turns a thousand pages: a list is counted so far, and read no deeper. Above it, one filters. */
export const DEEPEST_ROW = 100_000;
const MOST_ROWS = 500;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The name of the field in which a form carries the version that it was opened with. */
export const VERSION = 'row_version';

interface Page {
  readonly limit?: number;
  readonly offset?: number;
  readonly sort?: { readonly sortBy?: string; readonly direction?: 'asc' | 'desc' };
}

/** The one resource class of the panel: a table definition, read by Objection and written by its services. */
export class TableResource extends BaseResource {
  readonly definition: TableDefinition;
  readonly #knex: Knex;
  readonly #properties: readonly ColumnProperty[];
  readonly idName: string;

  constructor(definition: TableDefinition, knex: Knex) {
    super(definition);
    this.definition = definition;
    this.#knex = knex;
    const editable = new Set([...(definition.edit?.fields ?? []), ...(definition.create?.fields ?? [])]);
    this.#properties = this.#columns().map(
      ([name, column], position) =>
        new ColumnProperty(name, column, {
          position,
          isId: position === 0,
          isTitle: name === definition.title,
          editable: editable.has(name),
        }),
    );
    this.idName = this.#properties[0]?.name() ?? 'id';
  }

  override databaseName(): string {
    return 'ailingva';
  }

  override databaseType(): string {
    return 'postgres';
  }

  override id(): string {
    return this.definition.id;
  }

  override properties(): ColumnProperty[] {
    return [...this.#properties];
  }

  override property(path: string): ColumnProperty | null {
    return this.#properties.find((property) => property.name() === path) ?? null;
  }

  /** @throws AppError `filter_unknown`, `filter_invalid` */
  conditions(filters: Readonly<Record<string, unknown>>): Condition[] {
    const { columns, filter, title } = this.definition;
    return parseFilters(columns, [...filter, title, this.idName], filters);
  }

  override async count(filter: Filter): Promise<number> {
    const rows = this.#from();
    applyConditions(rows, this.#conditionsOf(filter));
    const counted = await this.#knex
      .count({ rows: '*' })
      .from(rows.select(raw('1')).limit(DEEPEST_ROW).toKnexQuery().as('counted'))
      .first();
    return Number(counted?.['rows'] ?? 0);
  }

  override async find(filter: Filter, { limit = 10, offset = 0, sort = {} }: Page = {}): Promise<BaseRecord[]> {
    const query = this.#select();
    applyConditions(query, this.#conditionsOf(filter));
    const by = sort.sortBy === undefined ? undefined : this.property(sort.sortBy)?.column.sortBy;
    const direction = (sort.direction ?? this.definition.sort.direction) === 'desc' ? 'desc' : 'asc';
    const id = expressionOf(this.idName, this.#idColumn());
    if (by !== undefined && by !== id) query.orderBy(raw(by), direction);
    query.orderBy(raw(id), direction);
    query.limit(Math.min(Math.max(1, limit), MOST_ROWS)).offset(Math.min(Math.max(0, offset), DEEPEST_ROW));
    return (await query).map((row) => new BaseRecord(this.#toParams(row), this));
  }

  override async findOne(id: string): Promise<BaseRecord | null> {
    const row = await this.#findRow(id);
    return row ? new BaseRecord(row, this) : null;
  }

  override async findMany(ids: (string | number)[]): Promise<BaseRecord[]> {
    const known = ids.map(String).filter((id) => this.isId(id));
    if (known.length === 0) return [];
    const id = expressionOf(this.idName, this.#idColumn());
    const rows = await this.#select().whereIn(raw(id), known);
    return rows.map((row) => new BaseRecord(this.#toParams(row), this));
  }

  override async create(params: Record<string, unknown>, context?: ActionContext): Promise<ParamsType> {
    const { create, columns, errorFields } = this.definition;
    if (!create) throw notWritable();
    const by = writer(context);
    try {
      const id = await create.save({ by, change: parseForm(columns, create.fields, params) });
      return await this.#reread(id);
    } catch (error) {
      throw toValidationError(error, { first: create.fields[0] ?? '', all: create.fields, byCode: errorFields });
    }
  }

  override async update(id: string, params: Record<string, unknown>, context?: ActionContext): Promise<ParamsType> {
    const { edit, columns, errorFields } = this.definition;
    if (!edit) throw notWritable();
    const by = writer(context);
    const version = params[VERSION];
    const before = await this.#findRow(id);
    if (!before) throw notWritable();
    try {
      const change = parseForm(columns, edit.fields, params, before);
      const refuseIfChanged = (transaction: Knex.Transaction) => this.#refuseIfChanged(transaction, id, version);
      if (Object.keys(change).length > 0) await edit.save({ id, by, change, refuseIfChanged });
      return await this.#reread(id);
    } catch (error) {
      throw toValidationError(error, { first: edit.fields[0] ?? '', all: edit.fields, byCode: errorFields });
    }
  }

  override delete(): Promise<void> {
    return Promise.reject(notWritable());
  }

  /** Whether it can be the id of a record at all. */
  isId(text: string): boolean {
    return this.#idColumn().type === 'uuid' ? UUID.test(text) : text.length <= 200 && !text.includes('\u0000');
  }

  #columns(): [string, Column][] {
    const own = Object.entries(this.definition.columns);
    const { edit, columns } = this.definition;
    if (!edit) return own;
    // What can be edited, in one short text: not the row's own version, which a heartbeat or a charge would change too.
    const editable = edit.fields.flatMap((name) => (columns[name] ? [expressionOf(name, columns[name])] : []));
    return [...own, [VERSION, { type: 'text', sql: `md5(ROW(${editable.join(', ')})::text)` }]];
  }

  #idColumn(): Column {
    return this.#properties[0]?.column ?? { type: 'uuid' };
  }

  #conditionsOf({ filters }: Filter): Condition[] {
    return this.conditions(
      Object.fromEntries(Object.entries(filters ?? {}).map(([name, { value }]) => [name, value as unknown])),
    );
  }

  #from(knex: Knex = this.#knex): QueryBuilder<Model> {
    const { model, from } = this.definition;
    const query = model.query(knex).alias('t');
    return from ? from(query) : query;
  }

  #select(): QueryBuilder<Model> {
    return this.#from().select(
      this.#properties.map((property) =>
        raw(`${expressionOf(property.name(), property.column)} as ??`, [property.name()]),
      ),
    );
  }

  async #findRow(id: string): Promise<Row | undefined> {
    if (!this.isId(id)) return undefined;
    const row = await this.#select()
      .where(raw(`${expressionOf(this.idName, this.#idColumn())} = ?`, [id]))
      .first();
    return row && this.#toParams(row);
  }

  async #reread(id: string): Promise<ParamsType> {
    const row = await this.#findRow(id);
    if (!row) throw new Error('A record is gone right after it was written');
    return { ...row };
  }

  async #refuseIfChanged(transaction: Knex.Transaction, id: string, version: unknown): Promise<void> {
    const expression = expressionOf(VERSION, this.property(VERSION)?.column ?? { type: 'text' });
    const row = await this.#from(transaction)
      .where(raw(`${expressionOf(this.idName, this.#idColumn())} = ?`, [id]))
      .select(raw(`${expression} as version`))
      .forNoKeyUpdate()
      .first();
    if (row && 'version' in row && row.version === version) return;
    throw new AppError({
      code: 'edit_conflict',
      kind: 'conflict',
      message: 'Somebody else has changed this meanwhile. Open it again to see what it is now.',
    });
  }

  /** Dates as ISO 8601, JSON as readable text: AdminJS takes objects apart. */
  #toParams(model: Model): Row {
    const row = model as unknown as Row;
    return Object.fromEntries(
      this.#properties.map((property) => {
        const name = property.name();
        const value = row[name];
        if (value instanceof Date) return [name, value.toISOString()];
        if (property.column.type === 'json' && value !== null && value !== undefined) {
          return [name, JSON.stringify(value, null, 2)];
        }
        return [name, value ?? null];
      }),
    );
  }
}

function writer(context: ActionContext | undefined): Visitor {
  const visitor = visitorOf(context?.currentAdmin);
  if (!visitor) throw notWritable();
  return visitor;
}

function notWritable(): ValidationError | AppError {
  return new AppError({ code: 'not_writable', kind: 'forbidden', message: 'This cannot be written here.' });
}
