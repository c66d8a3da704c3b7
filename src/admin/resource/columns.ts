import { BaseProperty, type PropertyType } from 'adminjs';

/**
 * One column of a table in the panel. What is not named here does not exist for the panel: it is neither read nor
 * written, neither sorted nor filtered by.
 */
export type Column = ColumnBasics &
  (
    | { readonly type: 'uuid' | 'text' | 'long' | 'integer' | 'decimal' | 'flag' | 'time' | 'json' }
    | { readonly type: 'choice'; readonly choices: readonly string[] }
    /** The id of a record of another resource, shown by its title. */
    | { readonly type: 'reference'; readonly of: string }
  );

interface ColumnBasics {
  /** Where the value comes from; without it, the column of this name in the table, which is called `t`. */
  readonly sql?: string;
  /** By what a list is sorted when this column is asked for; without it, it cannot be. */
  readonly sortBy?: string;
  /** `contains`: anywhere in the text, whatever the case. Choices, flags, references and ids are always compared whole. */
  readonly filter?: 'exact' | 'contains' | 'range';
  readonly required?: boolean;
  /** How it is written where it is only read; a field that is typed into names its unit in its label. */
  readonly unit?: 'roubles' | 'minutes' | 'seconds' | 'bytes';
}

export type Columns = Readonly<Record<string, Column>>;

const PROPERTY_TYPES: Readonly<Record<Column['type'], PropertyType>> = {
  uuid: 'uuid',
  text: 'string',
  long: 'textarea',
  integer: 'number',
  decimal: 'string',
  flag: 'boolean',
  time: 'datetime',
  json: 'textarea',
  choice: 'string',
  reference: 'reference',
};

/** A column as AdminJS knows it. */
export class ColumnProperty extends BaseProperty {
  readonly column: Column;
  readonly #isTitle: boolean;
  readonly #editable: boolean;

  constructor(
    name: string,
    column: Column,
    place: { readonly position: number; readonly isId: boolean; readonly isTitle: boolean; readonly editable: boolean },
  ) {
    super({
      path: name,
      type: PROPERTY_TYPES[column.type],
      isId: place.isId,
      isSortable: column.sortBy !== undefined,
      position: place.position,
    });
    this.column = column;
    this.#isTitle = place.isTitle;
    this.#editable = place.editable;
  }

  override isTitle(): boolean {
    return this.#isTitle;
  }

  override isVisible(): boolean {
    return true;
  }

  override isEditable(): boolean {
    return this.#editable;
  }

  override isRequired(): boolean {
    return this.column.required ?? false;
  }

  override reference(): string | null {
    return this.column.type === 'reference' ? this.column.of : null;
  }

  override availableValues(): string[] | null {
    return this.column.type === 'choice' ? [...this.column.choices] : null;
  }
}

/** The value's expression in SQL. */
export function expressionOf(name: string, column: Column): string {
  return column.sql ?? `t.${name}`;
}
