import type { Knex } from 'knex';
import type { ModelClass, Model, QueryBuilder } from 'objection';
import type { StaffRole } from '../../accounts/index.ts';
import type { PanelAction } from '../actions/action.ts';
import type { Visitor } from '../roles.ts';
import type { Columns } from './columns.ts';

/** What a form sent, parsed by type and cut to the fields that may be written and have changed. */
export type Change = Readonly<Record<string, string | number | boolean | null>>;

export interface Saving {
  readonly by: Visitor;
  readonly change: Change;
}

export interface Update extends Saving {
  readonly id: string;
  /**
   * To be called in the writing transaction, after its other locks: fails when somebody has changed the row since the
   * form was opened, and locks it otherwise.
   */
  readonly refuseIfChanged: (transaction: Knex.Transaction) => Promise<void>;
}

/** Where in the menu a resource stands. */
export type Section = 'people' | 'money' | 'talks' | 'system';

/** A table of the panel, all of it: what is read, by whom, and through which service it is written. */
export interface TableDefinition {
  readonly id: string;
  readonly section: Section;
  /** Of Feather. */
  readonly icon: string;
  readonly model: ModelClass<Model>;
  /** Joins what the columns' expressions name. */
  readonly from?: (query: QueryBuilder<Model>) => QueryBuilder<Model>;
  /** The first is the id. */
  readonly columns: Columns;
  /** The column that a record is called by. */
  readonly title: string;
  readonly sort: { readonly sortBy: string; readonly direction: 'asc' | 'desc' };
  readonly list: readonly string[];
  readonly show: readonly string[];
  readonly filter: readonly string[];
  /** Who may list, show and search. */
  readonly readers: readonly StaffRole[];
  readonly create?: {
    readonly roles: readonly StaffRole[];
    readonly fields: readonly string[];
    /** Answers the new record's id. */
    save(saving: Saving): Promise<string>;
  };
  readonly edit?: {
    readonly roles: readonly StaffRole[];
    readonly fields: readonly string[];
    save(update: Update): Promise<void>;
  };
  readonly actions?: readonly PanelAction[];
  /** Which field an error of a service belongs to, by its code; else it stands at the first field of the form. */
  readonly errorFields?: Readonly<Record<string, string>>;
  /** Instead of AdminJS's own, by name (see components/index.ts). */
  readonly components?: { readonly show?: string; readonly list?: string };
}
